import { Fault } from "../handler.ts";
import type { ListShape, MapShape, Member, Shape, StructureShape } from "../shape.ts";
import { scalarFromText } from "./scalar.ts";

/**
 * `ec2`: lists are always flat and names come from ec2QueryName. `aws`: `Name.member.N` unless the member is flattened.
 */
export type QueryDialect = "aws" | "ec2";

/** Parameters as a tree by their dots: `Filter.1.Value.2=x` is Filter -> 1 -> Value -> 2 with text `x`. */
interface ParameterNode {
  text: string | undefined;
  readonly children: Map<string, ParameterNode>;
}

const MAX_ITEMS = 10_000;

/** Reads an operation's input from `application/x-www-form-urlencoded` parameters. */
export function structureFromQuery(
  shape: StructureShape,
  parameters: Iterable<readonly [string, string]>,
  dialect: QueryDialect,
): Record<string, unknown> {
  return readStructure(shape, parameterTree(parameters), dialect);
}

function parameterTree(parameters: Iterable<readonly [string, string]>): ParameterNode {
  const root: ParameterNode = { text: undefined, children: new Map() };
  for (const [name, text] of parameters) {
    let node = root;
    for (const part of name.split(".")) {
      let child = node.children.get(part);
      if (!child) {
        child = { text: undefined, children: new Map() };
        node.children.set(part, child);
      }
      node = child;
    }
    node.text = text;
  }
  return root;
}

function readStructure(shape: StructureShape, node: ParameterNode, dialect: QueryDialect): Record<string, unknown> {
  const value: Record<string, unknown> = {};
  for (const member of shape.members) {
    const child = node.children.get(queryName(member, dialect));
    if (!child) continue;
    const read = readMember(member, child, dialect);
    if (read !== undefined) value[member.name] = read;
  }
  return value;
}

/** https://smithy.io/2.0/aws/protocols/aws-ec2-query-protocol.html#ec2-query-key-resolution */
function queryName(member: Member, dialect: QueryDialect): string {
  const { ec2QueryName, xmlName } = member.traits;
  if (dialect === "aws") return xmlName ?? member.name;
  if (ec2QueryName !== undefined) return ec2QueryName;
  return xmlName === undefined ? member.name : xmlName.charAt(0).toUpperCase() + xmlName.slice(1);
}

function readMember(member: Member, node: ParameterNode, dialect: QueryDialect): unknown {
  const { shape, traits } = member;
  const isFlat = dialect === "ec2" || traits.xmlFlattened !== undefined;
  if (shape.kind === "list")
    return readList(shape, isFlat ? node : (node.children.get(shape.itemName) ?? node), dialect);
  if (shape.kind === "map") return readMap(shape, isFlat ? node : (node.children.get("entry") ?? node), dialect);
  return readValue(shape, node, dialect);
}

function readValue(shape: Shape, node: ParameterNode, dialect: QueryDialect): unknown {
  switch (shape.kind) {
    case "structure":
      return readStructure(shape, node, dialect);
    case "list":
      return readList(shape, dialect === "ec2" ? node : (node.children.get(shape.itemName) ?? node), dialect);
    case "map":
      return readMap(shape, node.children.get("entry") ?? node, dialect);
    case "string":
    case "number":
    case "boolean":
    case "blob":
    case "timestamp":
    case "document":
      return node.text === undefined ? undefined : scalarFromText(shape, node.text, "date-time");
  }
}

function readList(shape: ListShape, node: ParameterNode, dialect: QueryDialect): readonly unknown[] {
  // An empty list is sent as the name alone (`Names=`).
  return numbered(node)
    .map((child) => readValue(shape.item, child, dialect))
    .filter((item) => item !== undefined);
}

function readMap(shape: MapShape, node: ParameterNode, dialect: QueryDialect): Record<string, unknown> {
  const value: Record<string, unknown> = {};
  for (const entry of numbered(node)) {
    const key = entry.children.get(shape.keyName)?.text;
    const item = entry.children.get(shape.valueName);
    if (key !== undefined && item) {
      Object.defineProperty(value, key, {
        value: readValue(shape.value, item, dialect),
        enumerable: true,
        configurable: true,
        writable: true,
      });
    }
  }
  return value;
}

function numbered(node: ParameterNode): readonly ParameterNode[] {
  const entries = [...node.children].filter(([name]) => /^\d+$/.test(name));
  if (entries.length > MAX_ITEMS) throw new Fault("InvalidParameterValue", `More than ${MAX_ITEMS} items in a list.`);
  return entries.sort(([a], [b]) => Number(a) - Number(b)).map(([, child]) => child);
}
