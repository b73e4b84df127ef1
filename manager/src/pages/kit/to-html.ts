import type { MarkupNode } from "./tree.ts";

// https://html.spec.whatwg.org/multipage/syntax.html#void-elements
const VOID_TAGS: ReadonlySet<string> = new Set(["br", "hr", "img", "input", "link", "meta", "col", "source", "wbr"]);

/** Prints the tree; every text and every attribute value is escaped. */
export function toHtml(node: MarkupNode | readonly MarkupNode[]): string {
  if (typeof node === "string") return escapeHtml(node);
  if (isList(node)) return node.map((each) => toHtml(each)).join("");
  const attributes = Object.entries(node.attributes)
    .map(([name, value]) => (value === "" ? ` ${name}` : ` ${name}="${escapeHtml(value)}"`))
    .join("");
  const open = `<${node.tag}${attributes}>`;
  if (VOID_TAGS.has(node.tag)) return open;
  return `${open}${node.children.map((child) => toHtml(child)).join("")}</${node.tag}>`;
}

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ESCAPES[character] ?? character);
}

const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function isList(node: MarkupNode | readonly MarkupNode[]): node is readonly MarkupNode[] {
  return Array.isArray(node);
}
