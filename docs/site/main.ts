/**
 * `npm run docs`: all documents as a site and as one PDF, in `docs/dist`. Diagrams are drawn as figures, which show in
 * every viewer.
 */
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { chromium } from "playwright-core";
import { bookHtml, bookId, escapeHtml, printBook } from "./book.ts";
import { drawDiagrams } from "./draw-diagrams.ts";
import { type Document, diagramsIn, type Part, readDocuments, withFigures } from "./read-documents.ts";

const root = join(import.meta.dirname, "../..");
const out = join(root, "docs/dist");
const style = withFonts(readFileSync(join(import.meta.dirname, "page.css"), "utf8"));

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu"],
});
try {
  const site = readSite();
  const diagrams = site.flatMap(({ documents }) => documents.flatMap(({ html }) => diagramsIn(html)));
  const figures = await drawDiagrams(browser, { diagrams, style });
  for (const { documents } of site)
    for (const document of documents) {
      const file = join(out, pageOf(document.path));
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, pageHtml({ ...document, html: withFigures(document.html, figures) }, site));
    }
  writeFileSync(join(out, "page.css"), style);
  writeFileSync(join(out, "index.html"), '<!doctype html><meta http-equiv="refresh" content="0;url=README.html">');
  cpSync(join(root, "docs/images"), join(out, "docs/images"), { recursive: true });
  cpSync(join(root, "docs/results"), join(out, "docs/results"), {
    recursive: true,
    filter: (path) => !path.endsWith(".md"),
  });

  const book = readBook().map((part) => ({
    ...part,
    documents: part.documents.map((document) => ({ ...document, html: withFigures(document.html, figures) })),
  }));
  const date = new Date().toLocaleDateString("en-GB", { day: "numeric", month: "long", year: "numeric" });
  const pdf = await printBook(browser, {
    root,
    htmlWith: (pageNumberOf) => bookHtml(book, { style, date, pageOf: pageNumberOf }),
  });
  writeFileSync(join(out, "documentation.pdf"), pdf);
  const count = site.reduce((sum, { documents }) => sum + documents.length, 0);
  console.log(
    `${count} documents and ${figures.size} figures in docs/dist; documentation.pdf has ${(pdf.length / 1e6).toFixed(1)} MB.`,
  );
} finally {
  await browser.close();
}

/** Fonts as part of the style: whoever opens one page of the site, or prints it, has them. */
function withFonts(css: string): string {
  return css.replaceAll(/url\("([^"]+\.woff2)"\)/g, (_, file: string) => {
    const font = readFileSync(join(import.meta.dirname, file)).toString("base64");
    return `url("data:font/woff2;base64,${font}")`;
  });
}

/** Links between the site's pages; what is no document is opened in the project. */
function readSite(): readonly Part[] {
  const fromPage = (path: string) => dirname(pageOf(path));
  return readDocuments(root, {
    prefix: () => "",
    hrefOf: ({ path, anchor, isDocument, from }) =>
      isDocument
        ? `${relative(fromPage(from), pageOf(path))}${anchor === "" ? "" : `#${anchor}`}`
        : relative(join(out, fromPage(from)), join(root, path)),
  });
}

/** Links within the book; on paper there is no project to open. */
function readBook(): readonly Part[] {
  return readDocuments(root, {
    prefix: (path) => `${bookId(path)}--`,
    hrefOf: ({ path, anchor, isDocument }) =>
      isDocument ? `#${bookId(path)}${anchor === "" ? "" : `--${anchor}`}` : undefined,
  }).map((part) => ({
    ...part,
    documents: part.documents.map((document) => ({ ...document, html: withPictures(document) })),
  }));
}

/** The addresses of pictures, from where the book is laid out. */
function withPictures({ path, html }: Document): string {
  const folder = dirname(join(root, path));
  return html
    .replaceAll(/<source[^>]*>/g, "")
    .replaceAll(/<img([^>]*?) src="(?!data:|https?:)([^"]+)"/g, (_, before: string, source: string) => {
      return `<img${before} src="${relative(import.meta.dirname, join(folder, source))}"`;
    });
}

function pageOf(path: string): string {
  return path.replace(/\.md$/, ".html");
}

function pageHtml({ path, title, html }: Document, parts: readonly Part[]): string {
  const to = (target: string) => relative(dirname(pageOf(path)), target);
  const navigation = parts.map(({ name, documents }) => {
    const links = documents.map((each) => {
      const current = each.path === path ? ' aria-current="page"' : "";
      return `<li><a href="${to(pageOf(each.path))}"${current}>${escapeHtml(each.title)}</a></li>`;
    });
    return `<h2>${name}</h2><ul>${links.join("")}</ul>`;
  });
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)} · Elastic GAS</title><link rel="stylesheet" href="${to("page.css")}"></head>
<body><div class="frame"><nav aria-label="Documents"><a href="${to("documentation.pdf")}">All as one PDF</a>${navigation.join("")}</nav><main>${html}</main></div></body></html>`;
}
