import { KEY_ATTRIBUTE, type MarkupElement, type MarkupNode } from "../pages/kit/tree.ts";

const SVG = "http://www.w3.org/2000/svg";
/** What the reader changed and the server does not know: it survives every refresh. */
const KEPT_ATTRIBUTES: ReadonlySet<string> = new Set(["open", "data-mounted", "data-busy"]);

/**
 * Brings the children of `parent` in line with `nodes`. Elements stay where they are (with focus, open menus and canvases), and text is set as text.
 * An element with `data-keep` keeps its children: a script of the page fills it.
 */
export function patch(parent: Element, nodes: readonly MarkupNode[]): void {
  const keyed = new Map<string, Element>();
  for (const child of parent.children) {
    const key = child.getAttribute(KEY_ATTRIBUTE);
    if (key !== null) keyed.set(key, child);
  }
  let at: ChildNode | null = parent.firstChild;
  for (const node of nodes) {
    const found = match(at, node, keyed);
    if (found === null) {
      parent.insertBefore(create(node, parent), at);
      continue;
    }
    if (found === at) at = at.nextSibling;
    else parent.insertBefore(found, at);
    update(found, node);
  }
  while (at !== null) {
    const next: ChildNode | null = at.nextSibling;
    at.remove();
    at = next;
  }
}

function match(at: ChildNode | null, node: MarkupNode, keyed: ReadonlyMap<string, Element>): ChildNode | null {
  if (typeof node === "string") return at instanceof Text ? at : null;
  const key = node.attributes[KEY_ATTRIBUTE];
  if (key !== undefined) {
    const element = keyed.get(key);
    return element !== undefined && element.localName === node.tag ? element : null;
  }
  if (!(at instanceof Element) || at.localName !== node.tag || at.hasAttribute(KEY_ATTRIBUTE)) return null;
  return at;
}

function update(child: ChildNode, node: MarkupNode): void {
  if (typeof node === "string") {
    if (child.nodeValue !== node) child.nodeValue = node;
    return;
  }
  if (!(child instanceof Element)) return;
  for (const { name } of [...child.attributes]) {
    if (!(name in node.attributes) && !KEPT_ATTRIBUTES.has(name)) child.removeAttribute(name);
  }
  for (const [name, value] of Object.entries(node.attributes)) {
    if (child.getAttribute(name) !== value && !KEPT_ATTRIBUTES.has(name)) child.setAttribute(name, value);
  }
  if (!("data-keep" in node.attributes)) patch(child, node.children);
}

function create(node: MarkupNode, parent: Element): ChildNode {
  if (typeof node === "string") return document.createTextNode(node);
  return createElement(node, parent.namespaceURI === SVG);
}

function createElement(node: MarkupElement, inSvg: boolean): Element {
  const svg = inSvg || node.tag === "svg";
  const element = svg ? document.createElementNS(SVG, node.tag) : document.createElement(node.tag);
  for (const [name, value] of Object.entries(node.attributes)) element.setAttribute(name, value);
  for (const child of node.children) {
    element.append(typeof child === "string" ? document.createTextNode(child) : createElement(child, svg));
  }
  return element;
}
