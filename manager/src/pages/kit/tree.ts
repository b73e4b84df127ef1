/**
 * A piece of a page as a value. Parts that change while somebody looks are written once, as functions from a snapshot to such a tree: the server prints
 * it into the page (`toHtml`), the browser brings the shown elements in line with it (`patch`).
 */
export type MarkupNode = MarkupElement | string;

export interface MarkupElement {
  readonly tag: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly MarkupNode[];
}

export type AttributeValue = string | number | boolean | undefined | null;
export type Child = MarkupNode | undefined | null | false | readonly Child[];

/** `true` writes the bare attribute; false, null and undefined leave it out. Children that are false, null or undefined are left out. */
export function el(
  tag: string,
  attributes: Readonly<Record<string, AttributeValue>> = {},
  ...children: readonly Child[]
): MarkupElement {
  const written: Record<string, string> = {};
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    written[name] = value === true ? "" : String(value);
  }
  return { tag, attributes: written, children: joinText(flatten(children)) };
}

/** The key by which `patch` finds an element again when its siblings move. */
export const KEY_ATTRIBUTE = "data-key";

function flatten(children: readonly Child[]): readonly MarkupNode[] {
  const nodes: MarkupNode[] = [];
  for (const child of children) {
    if (child === undefined || child === null || child === false || child === "") continue;
    if (typeof child === "string") nodes.push(child);
    else if (isList(child)) nodes.push(...flatten(child));
    else nodes.push(child);
  }
  return nodes;
}

// Neighbouring texts become one node, as they do when a browser reads the printed page.
function joinText(nodes: readonly MarkupNode[]): readonly MarkupNode[] {
  const joined: MarkupNode[] = [];
  for (const node of nodes) {
    const last = joined.at(-1);
    if (typeof node === "string" && typeof last === "string") joined[joined.length - 1] = last + node;
    else joined.push(node);
  }
  return joined;
}

function isList(child: Child): child is readonly Child[] {
  return Array.isArray(child);
}
