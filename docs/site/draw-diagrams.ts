import { fileURLToPath } from "node:url";
import type { Browser } from "playwright-core";

/** Mermaid's build for script elements, which leaves `mermaid` in the window. */
const MERMAID = fileURLToPath(import.meta.resolve("mermaid/dist/mermaid.min.js"));

interface Mermaid {
  initialize(options: object): void;
  render(id: string, text: string): Promise<{ svg: string }>;
}

const OPTIONS = {
  startOnLoad: false,
  theme: "neutral",
  fontFamily: "Inter, system-ui, sans-serif",
  // Labels as text of SVG: HTML in a figure shows in browsers only.
  htmlLabels: false,
  // Wide enough for the longest name of a table, which is cut into two otherwise.
  flowchart: { htmlLabels: false, wrappingWidth: 220 },
  // A label on a line hides it; the name of a state stands in the middle.
  themeCSS: `.edgeLabel rect, .edgeLabel .label rect { fill: #fff !important; opacity: 1 !important; }
    .statediagram-state > .label { transform: translate(0, -10px); }
    .statediagram-state text { text-anchor: middle; }`,
  er: { useMaxWidth: true, minEntityHeight: 36, entityPadding: 8, nodeSpacing: 24 },
  deterministicIds: true,
};

/**
 * Draws each diagram once, in a headless browser, with the fonts of `style`, which decide how wide its boxes are.
 * Throws with the diagram that has a mistake.
 */
export async function drawDiagrams(
  browser: Browser,
  { diagrams, style }: { readonly diagrams: readonly string[]; readonly style: string },
): Promise<ReadonlyMap<string, string>> {
  const page = await browser.newPage();
  await page.setContent(`<!doctype html><title>diagrams</title><style>${style}</style><p>Text</p>`);
  await page.evaluate(async () => {
    await document.fonts.ready;
  });
  await page.addScriptTag({ path: MERMAID });
  await page.evaluate((options) => {
    (globalThis as unknown as { mermaid: Mermaid }).mermaid.initialize(options);
  }, OPTIONS);
  const figures = new Map<string, string>();
  for (const text of new Set(diagrams)) {
    const id = `figure-${figures.size + 1}`;
    const svg = await page
      .evaluate(
        async ({ id: name, text: source }) => {
          const { svg: drawn } = await (globalThis as unknown as { mermaid: Mermaid }).mermaid.render(name, source);
          return drawn;
        },
        { id, text },
      )
      .catch((error: unknown) => {
        throw new Error(`This diagram cannot be drawn:\n${text}`, { cause: error });
      });
    figures.set(text, svg);
  }
  await page.close();
  return figures;
}
