import { existsSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import MarkdownIt from "markdown-it";
import anchors from "markdown-it-anchor";
import { CONTENTS } from "./contents.ts";

export interface Heading {
  readonly level: number;
  readonly id: string;
  readonly text: string;
}

export interface Document {
  /** From the project's root. */
  readonly path: string;
  readonly title: string;
  readonly headings: readonly Heading[];
  /** Its body, with links as `hrefOf` writes them. */
  readonly html: string;
}

export interface Part {
  readonly name: string;
  readonly documents: readonly Document[];
}

/** Writes a link to a document of ours, or to a file of the project that is none; undefined leaves its words only. */
export type HrefOf = (target: {
  /** The document with the link. */
  readonly from: string;
  readonly path: string;
  readonly anchor: string;
  readonly isDocument: boolean;
}) => string | undefined;

const DIAGRAM = /<pre><code class="language-mermaid">([\s\S]*?)<\/code><\/pre>/g;
const PATHS: ReadonlySet<string> = new Set(CONTENTS.flatMap(({ documents }) => documents));

/** Reads all documents as HTML. `prefix` begins the ids of a document's headings. */
export function readDocuments(
  root: string,
  { hrefOf, prefix }: { readonly hrefOf: HrefOf; readonly prefix: (path: string) => string },
): readonly Part[] {
  return CONTENTS.map(({ part, documents }) => ({
    name: part,
    documents: documents.map((path) => readDocument(root, path, { hrefOf, prefix: prefix(path) })),
  }));
}

function readDocument(
  root: string,
  path: string,
  { hrefOf, prefix }: { readonly hrefOf: HrefOf; readonly prefix: string },
): Document {
  const headings: Heading[] = [];
  const markdown = new MarkdownIt({ html: true, linkify: true });
  markdown.use(anchors, {
    slugify: (text: string) => prefix + slugOf(text),
    callback: ({ tag }: { tag: string }, { slug, title }: { slug: string; title: string }) =>
      headings.push({ level: Number(tag.slice(1)), id: slug, text: title }),
  });
  markdown.core.ruler.push("units", ({ tokens }) => {
    for (const token of tokens.flatMap(({ children }) => children ?? []))
      if (token.type === "text") token.content = withUnits(token.content);
  });
  const { link_open: plainLink } = markdown.renderer.rules;
  markdown.renderer.rules.link_open = (tokens, index, options, environment, self) => {
    const token = tokens[index];
    const href = String(token?.attrGet("href") ?? "");
    if (token !== undefined && !/^[a-z]+:/.test(href)) {
      const target = targetOf(path, href);
      token.attrSet("href", hrefOf({ ...target, from: path, isDocument: PATHS.has(target.path) }) ?? `#${prefix}top`);
    }
    return plainLink === undefined
      ? self.renderToken(tokens, index, options)
      : plainLink(tokens, index, options, environment, self);
  };
  const html = withWholeDates(markdown.render(readFileSync(join(root, path), "utf8")));
  return { path, title: headings[0]?.text ?? path, headings, html };
}

/** A unit stays on the line of its number. */
export function withUnits(text: string): string {
  return text.replaceAll(/(\d) (?=(?:%|ms|s|min|h|days?|B|[kKMG]i?B|px|vCPUs?|USD)(?![\w-]))/g, "$1\u00a0");
}

/** A cell that is a date stays on one line. */
export function withWholeDates(html: string): string {
  return html.replaceAll(/(<td[^>]*>)(\d{4}-\d\d-\d\d)(<\/td>)/g, '$1<span class="whole">$2</span>$3');
}

/** The id that GitHub gives a heading, so that a link works in both places. */
function slugOf(text: string): string {
  return text
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, "")
    .replaceAll(" ", "-");
}

/** Where a link of a document leads, from the project's root. A link to a folder leads to its README. */
function targetOf(from: string, href: string): { readonly path: string; readonly anchor: string } {
  const [file = "", anchor = ""] = href.split("#");
  const path = file === "" ? from : normalize(join(dirname(from), decodeURIComponent(file))).replace(/\/$/, "");
  return { path: PATHS.has(`${path}/README.md`) ? `${path}/README.md` : path, anchor };
}

/** The sources of the diagrams in some HTML, in order. */
export function diagramsIn(html: string): readonly string[] {
  return [...html.matchAll(DIAGRAM)].map(([, text = ""]) => plainText(text));
}

/** The same HTML with a figure in place of each diagram. */
export function withFigures(html: string, figures: ReadonlyMap<string, string>): string {
  return html.replace(DIAGRAM, (whole, text: string) => {
    const figure = figures.get(plainText(text));
    return figure === undefined ? whole : `<figure>${figure}</figure>`;
  });
}

function plainText(text: string): string {
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&quot;", '"').replaceAll("&amp;", "&");
}

/** True when the project has this file or folder. */
export function isInProject(root: string, path: string): boolean {
  return !path.startsWith("..") && existsSync(join(root, path));
}
