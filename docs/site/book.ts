import { pathToFileURL } from "node:url";
import { getDocument } from "pdfjs-dist/legacy/build/pdf.mjs";
import type { Browser, Page } from "playwright-core";
import type { Part } from "./read-documents.ts";

/** What is left of A4 between the margins, in CSS pixels. */
const PAPER_WIDTH = Math.floor(((210 - 2 * 18) / 25.4) * 96);

/** Parts of many short documents, which follow each other on a page. */
const FLOWING: ReadonlySet<string> = new Set(["Results", "Why it is so"]);
/** A document of less HTML is no page of its own either. */
const SHORT = 2_500;

/** All documents in one file: cover, contents with page numbers, one document after the other. */
export function bookHtml(
  parts: readonly Part[],
  { style, date, pageOf }: { readonly style: string; readonly date: string; readonly pageOf: (id: string) => string },
): string {
  const contents = parts.map(({ name, documents }) => {
    const lines = documents.map(({ path, title }) => {
      const id = bookId(path);
      return `<li data-page="${pageOf(id)}"><a href="#${id}">${escapeHtml(title)}</a></li>`;
    });
    return `<h2>${name}</h2><ol>${lines.join("")}</ol>`;
  });
  const bodies = parts.flatMap(({ name, documents }) =>
    documents.map(({ path, html }, index) => {
      const isShort = FLOWING.has(name) || html.length < SHORT;
      const kind = index > 0 && isShort ? "document flowing" : "document";
      return `<section class="${kind}" id="${bookId(path)}">${html}</section>`;
    }),
  );
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Elastic GAS: documentation</title><style>${style}</style></head>
<body class="book"><section class="cover"><h1>Elastic GAS</h1><p>A genomics annotation service on worker pools that size themselves.</p><p>Documentation, ${date}</p></section>
<section class="contents"><h1>Contents</h1>${contents.join("")}</section>${bodies.join("\n")}</body></html>`;
}

/** The id of a document within the book. */
export function bookId(path: string): string {
  return path
    .replace(/\.md$/, "")
    .replaceAll(/[^a-zA-Z0-9]+/g, "-")
    .toLowerCase();
}

/**
 * Prints the book. A browser knows no page numbers while it lays out, so it is printed twice: first to see on which
 * page each document begins, then with the numbers in the contents.
 */
export async function printBook(
  browser: Browser,
  { root, htmlWith }: { readonly root: string; readonly htmlWith: (pageOf: (id: string) => string) => string },
): Promise<Buffer> {
  const page = await browser.newPage({ viewport: { width: PAPER_WIDTH, height: 1000 } });
  await page.emulateMedia({ media: "print" });
  try {
    // A page of the file system may show the pictures of the project.
    const show = async (html: string) => {
      await page.goto(pathToFileURL(`${root}/docs/site/blank.html`).href);
      await page.setContent(html, { waitUntil: "load" });
      await fitToPaper(page);
    };
    await show(htmlWith(() => "000"));
    const pages = await pagesOf(await print(page));
    await show(htmlWith((id) => String(pages.get(id) ?? "")));
    return await print(page);
  } finally {
    await page.close();
  }
}

/**
 * A browser prints the whole book smaller when one thing is too wide. So wide tables become narrower and long lines of
 * text smaller; what is still too wide throws. A column of sentences gets as much room as lets each be some three lines
 * long, where the table has it: without, columns of figures take what they do not need.
 */
async function fitToPaper(page: Page): Promise<void> {
  const tooWide = await page.evaluate((paper) => {
    const isTooWide = (element: Element) => element.getBoundingClientRect().left + element.scrollWidth > paper + 1;
    // From the best to what takes the least room.
    const layouts = ["roomy", "roomy wide", "", "wide", "wide tight"];
    for (const table of document.querySelectorAll("table")) {
      for (const cell of table.querySelectorAll("td")) {
        cell.style.setProperty("--room", `${Math.min(12, cell.textContent.length / 5)}em`);
      }
      for (const layout of layouts) {
        table.className = layout;
        if (!isTooWide(table)) break;
      }
    }
    for (const text of document.querySelectorAll("pre")) {
      text.style.whiteSpace = "pre";
      const share = Math.max(0.65, text.clientWidth / text.scrollWidth);
      text.style.whiteSpace = "";
      if (share < 1) text.style.fontSize = `${(8 * share).toFixed(2)}pt`;
    }
    return [...document.querySelectorAll("section > *")]
      .filter(isTooWide)
      .map((element) => `${element.parentElement?.id}: ${element.textContent.trim().slice(0, 60)}`);
  }, PAPER_WIDTH);
  if (tooWide.length > 0) throw new Error(`Wider than the paper:\n${tooWide.join("\n")}`);
}

function print(page: Page): Promise<Buffer> {
  return page.pdf({
    format: "A4",
    margin: { top: "18mm", bottom: "20mm", left: "18mm", right: "18mm" },
    printBackground: true,
    outline: true,
    tagged: true,
    displayHeaderFooter: true,
    headerTemplate: "<span></span>",
    footerTemplate:
      '<div style="width:100%;padding:0 18mm;font:8px sans-serif;color:#525d6c;display:flex;justify-content:space-between"><span>Elastic GAS</span><span class="pageNumber"></span></div>',
  });
}

/** The page on which each link's target stands, from 1. */
async function pagesOf(pdf: Buffer): Promise<ReadonlyMap<string, number>> {
  const task = getDocument({ data: new Uint8Array(pdf) });
  const file = await task.promise;
  const pages = new Map<string, number>();
  // A Map, whatever its types say.
  const targets = (await file.getDestinations()) as unknown as ReadonlyMap<string, unknown>;
  for (const [name, target] of targets) {
    const [reference] = target as [Parameters<typeof file.getPageIndex>[0]];
    pages.set(name, (await file.getPageIndex(reference)) + 1);
  }
  await task.destroy();
  return pages;
}

export function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
