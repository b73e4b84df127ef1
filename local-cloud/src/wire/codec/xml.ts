import type { ListShape, MapShape, Member, Shape, StructureShape, TimestampFormat } from "../shape.ts";
import { scalarFromText, scalarToText } from "./scalar.ts";
import type { XmlElement } from "./xml-read.ts";

/**
 * What differs between the XML dialects: EC2's lists are always `<item>` in a wrapper, its names those of the model's
 * xmlName.
 */
const TIMESTAMP: TimestampFormat = "date-time";

type Fields = Readonly<Record<string, unknown>>;

/** Elements for the members of a structure, in the order of the model. Attributes go with `attributesOf`. */
export function membersToXml(
  shape: StructureShape,
  value: unknown,
  isBody: (member: Member) => boolean = () => true,
): string {
  const fields = value as Fields; // structures are objects; a handler's types say so
  let xml = "";
  for (const member of shape.members) {
    const field = fields[member.name];
    if (field === undefined || field === null || member.traits.xmlAttribute || !isBody(member)) continue;
    xml += memberToXml(member, field);
  }
  return xml;
}

/** One element around a value. */
export function elementToXml(name: string, shape: Shape, value: unknown, namespace?: string): string {
  const xmlns = namespace === undefined ? "" : ` xmlns="${escapeXml(namespace)}"`;
  const tag = name.includes(":") ? name.slice(name.indexOf(":") + 1) : name;
  const attributes = shape.kind === "structure" ? attributesOf(shape, value) : "";
  return `<${tag}${xmlns}${attributes}>${contentToXml(shape, value)}</${tag}>`;
}

export function escapeXml(text: string): string {
  // Line ends other than \n would be normalised away by readers unless they are references.
  return text.replace(/[&<>"'\r\u0085\u2028]/g, (char) => {
    switch (char) {
      case "&":
        return "&amp;";
      case "<":
        return "&lt;";
      case ">":
        return "&gt;";
      case '"':
        return "&quot;";
      default:
        return `&#x${char.charCodeAt(0).toString(16).toUpperCase()};`;
    }
  });
}

/** The members of a structure out of an element. Unknown elements are ignored. */
export function membersFromXml(shape: StructureShape, element: XmlElement): Record<string, unknown> {
  const value: Record<string, unknown> = {};
  for (const member of shape.members) {
    const name = member.traits.xmlName ?? member.name;
    const { traits } = member;
    if (traits.xmlAttribute) {
      const attribute = element.attributes[name];
      if (attribute !== undefined) value[member.name] = scalarFromText(member.shape, attribute, TIMESTAMP);
      continue;
    }
    const found = element.children.filter((child) => child.name === name);
    const first = found[0];
    if (!first) continue;
    if (traits.xmlFlattened && member.shape.kind === "list") {
      const { item } = member.shape;
      value[member.name] = found.map((child) => valueFromXml(item, child));
    } else if (traits.xmlFlattened && member.shape.kind === "map") {
      value[member.name] = mapFromXml(member.shape, found);
    } else {
      value[member.name] = valueFromXml(member.shape, first);
    }
  }
  return value;
}

export function valueFromXml(shape: Shape, element: XmlElement): unknown {
  switch (shape.kind) {
    case "structure":
      return membersFromXml(shape, element);
    case "list":
      return element.children
        .filter((child) => child.name === shape.itemName)
        .map((child) => valueFromXml(shape.item, child));
    case "map":
      return mapFromXml(
        shape,
        element.children.filter((child) => child.name === "entry"),
      );
    case "string":
    case "number":
    case "boolean":
    case "blob":
    case "timestamp":
    case "document":
      return scalarFromText(shape, element.text, TIMESTAMP);
  }
}

function memberToXml(member: Member, value: unknown): string {
  const { shape, traits } = member;
  const name = traits.xmlName ?? member.name;
  if (traits.xmlFlattened && shape.kind === "list") {
    return itemsOf(value)
      .map((item) => elementToXml(name, shape.item, item))
      .join("");
  }
  if (traits.xmlFlattened && shape.kind === "map") return mapToXml(name, shape, value);
  return elementToXml(name, shape, value);
}

function contentToXml(shape: Shape, value: unknown): string {
  switch (shape.kind) {
    case "structure":
      return membersToXml(shape, value);
    case "list":
      return listToXml(shape, value);
    case "map":
      return mapToXml("entry", shape, value);
    case "string":
    case "number":
    case "boolean":
    case "blob":
    case "timestamp":
    case "document":
      return escapeXml(scalarToText(shape, value, TIMESTAMP));
  }
}

function listToXml(shape: ListShape, value: unknown): string {
  return itemsOf(value)
    .map((item) => elementToXml(shape.itemName, shape.item, item))
    .join("");
}

function mapToXml(name: string, shape: MapShape, value: unknown): string {
  return Object.entries(value as Fields)
    .filter(([, item]) => item !== undefined && item !== null)
    .map(
      ([key, item]) =>
        `<${name}><${shape.keyName}>${escapeXml(key)}</${shape.keyName}>${elementToXml(shape.valueName, shape.value, item)}</${name}>`,
    )
    .join("");
}

function mapFromXml(shape: MapShape, entries: readonly XmlElement[]): Record<string, unknown> {
  const value: Record<string, unknown> = {};
  for (const entry of entries) {
    const key = entry.children.find((child) => child.name === shape.keyName)?.text;
    const item = entry.children.find((child) => child.name === shape.valueName);
    if (key !== undefined && item)
      Object.defineProperty(value, key, {
        value: valueFromXml(shape.value, item),
        enumerable: true,
        configurable: true,
        writable: true,
      });
  }
  return value;
}

function attributesOf(shape: StructureShape, value: unknown): string {
  const fields = value as Fields;
  let attributes = "";
  for (const { name, shape: memberShape, traits } of shape.members) {
    const field = fields[name];
    if (!traits.xmlAttribute || field === undefined || field === null) continue;
    const attribute = traits.xmlName ?? name;
    // S3's only attribute is Grantee's xsi:type.
    if (attribute.startsWith("xsi:")) attributes += ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"';
    attributes += ` ${attribute}="${escapeXml(scalarToText(memberShape, field, TIMESTAMP))}"`;
  }
  return attributes;
}

function itemsOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value.filter((item) => item !== null && item !== undefined) : [];
}
