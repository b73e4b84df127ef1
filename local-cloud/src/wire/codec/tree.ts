import { dateToTag } from "@smithy/core/cbor";
import { Fault } from "../handler.ts";
import type { Shape, StructureShape } from "../shape.ts";
import { timestampFromText, timestampToText } from "./scalar.ts";

/** How scalars look in a message that is a tree of objects already. */
export type TreeFormat = "json" | "cbor";

type Fields = Readonly<Record<string, unknown>>;

/** Parsed JSON or CBOR -> the value that the SDK's types describe. Unknown members are dropped, null is absent. */
export function treeToValue(shape: Shape, tree: unknown, format: TreeFormat): unknown {
  switch (shape.kind) {
    case "structure":
      return structureFromTree(shape, fieldsOf(tree), format);
    case "list":
      if (!Array.isArray(tree)) throw new Fault("SerializationException", "Expected a list.");
      return tree.map((item: unknown) => (item === null ? null : treeToValue(shape.item, item, format)));
    case "map": {
      const fields = fieldsOf(tree);
      const value: Record<string, unknown> = {};
      for (const key of Object.keys(fields)) {
        const item = fields[key];
        if (item !== null && item !== undefined) define(value, key, treeToValue(shape.value, item, format));
      }
      return value;
    }
    case "timestamp":
      return timestampFromTree(tree);
    case "blob":
      if (tree instanceof Uint8Array) return tree;
      if (typeof tree === "string") return Buffer.from(tree, "base64");
      throw new Fault("SerializationException", "Expected bytes.");
    case "string":
      if (typeof tree === "string") return tree;
      // Real services turn numbers and booleans into strings here; a tree is a mistake of the caller.
      if (typeof tree === "object") throw new Fault("SerializationException", "Expected a string.");
      return String(tree);
    case "number":
      return numberFromTree(tree);
    case "boolean":
      if (typeof tree === "boolean") return tree;
      if (tree === "true" || tree === "false") return tree === "true";
      throw new Fault("SerializationException", "Expected a boolean.");
    case "document":
      return tree;
  }
}

/** The value that a handler answered -> a tree ready for JSON.stringify or the CBOR serializer. */
export function valueToTree(shape: Shape, value: unknown, format: TreeFormat): unknown {
  switch (shape.kind) {
    case "structure":
      return structureToTree(shape, value, format);
    case "list":
      return Array.isArray(value)
        ? value.map((item: unknown) => (item === null ? null : valueToTree(shape.item, item, format)))
        : [];
    case "map": {
      const tree: Record<string, unknown> = {};
      for (const [key, item] of Object.entries(fieldsOf(value))) {
        if (item !== undefined && item !== null) define(tree, key, valueToTree(shape.value, item, format));
      }
      return tree;
    }
    case "timestamp":
      return value instanceof Date ? timestampToTree(value, shape.format, format) : value;
    case "blob":
      return blobToTree(value, format);
    case "number":
      return format === "json" && typeof value === "number" && !Number.isFinite(value) ? String(value) : value;
    case "string":
    case "boolean":
    case "document":
      return value;
  }
}

/** Members of a structure from a tree; `skip` leaves out what travels elsewhere (labels, headers). */
export function structureFromTree(shape: StructureShape, fields: Fields, format: TreeFormat): Record<string, unknown> {
  const value: Record<string, unknown> = {};
  for (const member of shape.members) {
    const field = fields[member.traits.jsonName ?? member.name];
    if (field !== undefined && field !== null) value[member.name] = treeToValue(member.shape, field, format);
  }
  return value;
}

function structureToTree(shape: StructureShape, value: unknown, format: TreeFormat): Record<string, unknown> {
  const fields = fieldsOf(value);
  const tree: Record<string, unknown> = {};
  for (const member of shape.members) {
    const field = fields[member.name];
    if (field !== undefined && field !== null) {
      tree[member.traits.jsonName ?? member.name] = valueToTree(member.shape, field, format);
    }
  }
  return tree;
}

function fieldsOf(tree: unknown): Fields {
  if (typeof tree !== "object" || tree === null || Array.isArray(tree))
    throw new Fault("SerializationException", "Expected an object.");
  return tree as Fields; // any object may be read by its keys
}

function timestampFromTree(tree: unknown): Date {
  if (tree instanceof Date) return tree;
  if (typeof tree === "number") return new Date(Math.round(tree * 1000));
  if (typeof tree === "string") return timestampFromText(tree, "date-time");
  // CBOR tag 1 arrives as { tag, value }.
  if (typeof tree === "object" && tree !== null && "value" in tree)
    return new Date(Math.round(Number(tree.value) * 1000));
  throw new Fault("SerializationException", "Expected a timestamp.");
}

function timestampToTree(
  at: Date,
  demanded: Parameters<typeof timestampToText>[1] | undefined,
  format: TreeFormat,
): unknown {
  if (format === "cbor") return dateToTag(at);
  return demanded === undefined || demanded === "epoch-seconds" ? at.getTime() / 1000 : timestampToText(at, demanded);
}

function blobToTree(value: unknown, format: TreeFormat): unknown {
  const bytes =
    value instanceof Uint8Array
      ? Buffer.from(value.buffer, value.byteOffset, value.byteLength)
      : Buffer.from(String(value), "utf8");
  return format === "cbor" ? bytes : bytes.toString("base64");
}

function numberFromTree(tree: unknown): unknown {
  if (typeof tree === "number" || typeof tree === "bigint") return tree;
  if (tree === "NaN" || tree === "Infinity" || tree === "-Infinity") return Number(tree);
  if (typeof tree === "string" && tree.trim() !== "" && !Number.isNaN(Number(tree))) return Number(tree);
  throw new Fault("SerializationException", "Expected a number.");
}

/** A caller's key may be `__proto__`: it must become an own property like any other. */
function define(target: Record<string, unknown>, key: string, value: unknown): void {
  if (key === "__proto__")
    Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
  else target[key] = value;
}
