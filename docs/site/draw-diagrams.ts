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
  flowchart: { htmlLabels: false },
  er: { useMaxWidth: true, minEntityHeight: 36, entityPadding: 8, nodeSpacing: 24 },
  deterministicIds: true,
};

/** Draws each diagram once, in a headless browser. Throws with the diagram that has a mistake. */
export async function drawDiagrams(
  browser: Browser,
  diagrams: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const page = await browser.newPage();
  await page.setContent("<!doctype html><title>diagrams</title>");
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
