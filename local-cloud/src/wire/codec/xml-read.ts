import { Fault } from "../handler.ts";

/** An element: its children by local name in order, and its text. Namespaces are dropped, as AWS's own readers do. */
export interface XmlElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly XmlElement[];
  readonly text: string;
}

const ENTITIES: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };
const MAX_DEPTH = 100;
const MARKUP =
  /<\?[\s\S]*?\?>|<!--[\s\S]*?-->|<!\[CDATA\[([\s\S]*?)\]\]>|<(\/?)([^\s/>!?]+)((?:"[^"]*"|'[^']*'|[^'">])*?)(\/?)>/g;

interface Open {
  name: string;
  attributes: Record<string, string>;
  children: XmlElement[];
  text: string;
}

/**
 * Reads one XML document. A document type declaration is refused (entity bombs); everything malformed is a
 * `MalformedXML` fault.
 */
export function readXml(source: string): XmlElement {
  const root: Open = { name: "", attributes: {}, children: [], text: "" };
  const stack: Open[] = [root];
  let end = 0;
  for (const match of source.replace(/^\uFEFF/, "").matchAll(MARKUP)) {
    const [whole, cdata, closing, name, attributes, selfClosing] = match;
    const top = stack.at(-1) ?? malformed();
    top.text += unescapeXml(match.input.slice(end, match.index));
    end = match.index + whole.length;
    if (cdata !== undefined) top.text += cdata;
    if (name === undefined) continue;
    if (closing) {
      if (stack.length < 2 || top.name !== localName(name)) malformed();
      stack.pop();
      continue;
    }
    const element: Open = {
      name: localName(name),
      attributes: readAttributes(attributes ?? ""),
      children: [],
      text: "",
    };
    top.children.push(element);
    if (!selfClosing) stack.push(element);
    if (stack.length > MAX_DEPTH) malformed();
  }
  const [document] = root.children;
  const rest = source.replace(/^\uFEFF/, "").slice(end) + root.text;
  if (!document || root.children.length > 1 || stack.length > 1 || rest.trim() !== "") malformed();
  return document;
}

function malformed(): never {
  throw new Fault(
    "MalformedXML",
    "The XML you provided was not well-formed or did not validate against our published schema.",
  );
}

function localName(name: string): string {
  return name.slice(name.indexOf(":") + 1);
}

function readAttributes(source: string): Record<string, string> {
  const attributes: Record<string, string> = {};
  for (const [, name = "", double, single] of source.matchAll(/([^\s=]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g)) {
    attributes[name] = unescapeXml(double ?? single ?? "");
  }
  return attributes;
}

function unescapeXml(text: string): string {
  if (text.includes("<")) malformed();
  if (!text.includes("&")) return text;
  return text.replace(/&(?:#(\d+)|#x([\da-fA-F]+)|(\w+));|&/g, (_whole, decimal, hex, name) => {
    if (name !== undefined) return ENTITIES[name] ?? malformed();
    const code = decimal !== undefined ? Number(decimal) : Number.parseInt(hex, 16);
    return code <= 0x10ffff ? String.fromCodePoint(code) : malformed(); // NaN (a bare ampersand) fails the comparison too
  });
}
