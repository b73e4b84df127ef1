import { NormalizedSchema } from "@smithy/core/schema";
import type { SchemaRef, SchemaTraitsObject } from "@smithy/types";

/** Traits of a shape or member; the last three are AWS's own, which smithy's types leave open. */
export type Traits = SchemaTraitsObject & {
  readonly ec2QueryName?: string;
  readonly awsQueryError?: readonly [code: string, statusCode: number];
  readonly httpError?: number;
};

/**
 * Timestamp format that a schema demands; without one the place in the message decides.
 * https://smithy.io/2.0/spec/protocol-traits.html
 */
export type TimestampFormat = "date-time" | "http-date" | "epoch-seconds";

export interface Member {
  readonly name: string;
  readonly shape: Shape;
  readonly traits: Traits;
  /** Required by the model. Only routing uses it: older clients omit members that newer models require. */
  readonly required: boolean;
}

export interface StructureShape {
  readonly kind: "structure";
  readonly name: string;
  readonly traits: Traits;
  readonly members: readonly Member[];
  readonly membersByName: ReadonlyMap<string, Member>;
}

export interface ListShape {
  readonly kind: "list";
  readonly item: Shape;
  readonly itemName: string;
}

export interface MapShape {
  readonly kind: "map";
  readonly value: Shape;
  readonly keyName: string;
  readonly valueName: string;
}

export interface TimestampShape {
  readonly kind: "timestamp";
  readonly format: TimestampFormat | undefined;
}

export interface BlobShape {
  readonly kind: "blob";
  readonly streaming: boolean;
}

export interface PlainShape {
  readonly kind: "string" | "boolean" | "number" | "document";
}

/**
 * One of the SDK's schemas in the form that our codecs walk. Structures compute their members when first asked: the
 * models are large and cyclic.
 */
export type Shape = StructureShape | ListShape | MapShape | TimestampShape | BlobShape | PlainShape;

const compiled = new WeakMap<object, Shape>();
const STRING: Shape = { kind: "string" };
const BOOLEAN: Shape = { kind: "boolean" };
const NUMBER: Shape = { kind: "number" };
const DOCUMENT: Shape = { kind: "document" };
// The numbers that schemas use for timestamps with a demanded format.
const TIMESTAMPS: Readonly<Record<number, TimestampFormat>> = { 5: "date-time", 6: "http-date", 7: "epoch-seconds" };

function shapeOf(ref: SchemaRef): Shape {
  const schema = NormalizedSchema.of(ref);
  const key: unknown = schema.getSchema();
  if (typeof key !== "object" || key === null) return compile(schema);
  const known = compiled.get(key);
  if (known) return known;
  const shape = compile(schema);
  compiled.set(key, shape);
  return shape;
}

/** The shape of an operation's input or output, which is always a structure (the unit type has no members). */
export function structureOf(ref: SchemaRef): StructureShape {
  const shape = shapeOf(ref);
  return shape.kind === "structure" ? shape : emptyStructure();
}

function compile(schema: NormalizedSchema): Shape {
  if (schema.isUnitSchema()) return emptyStructure();
  if (schema.isStructSchema()) return compileStructure(schema);
  if (schema.isListSchema()) {
    const item = schema.getValueSchema();
    return { kind: "list", item: shapeOf(item), itemName: item.getMergedTraits().xmlName ?? "member" };
  }
  if (schema.isMapSchema()) return compileMap(schema);
  if (schema.isBlobSchema()) return { kind: "blob", streaming: schema.isStreaming() };
  if (schema.isTimestampSchema()) return { kind: "timestamp", format: TIMESTAMPS[Number(schema.getSchema())] };
  if (schema.isBooleanSchema()) return BOOLEAN;
  if (schema.isNumericSchema() || schema.isBigIntegerSchema() || schema.isBigDecimalSchema()) return NUMBER;
  return schema.isDocumentSchema() ? DOCUMENT : STRING;
}

function compileMap(schema: NormalizedSchema): MapShape {
  const value = schema.getValueSchema();
  return {
    kind: "map",
    value: shapeOf(value),
    keyName: schema.getKeySchema().getMergedTraits().xmlName ?? "key",
    valueName: value.getMergedTraits().xmlName ?? "value",
  };
}

function compileStructure(schema: NormalizedSchema): StructureShape {
  let members: readonly Member[] | undefined;
  let byName: ReadonlyMap<string, Member> | undefined;
  return {
    kind: "structure",
    name: schema.getName() ?? "",
    traits: schema.getMergedTraits(),
    get members() {
      members ??= compileMembers(schema);
      return members;
    },
    get membersByName() {
      byName ??= new Map(this.members.map((member) => [member.name, member]));
      return byName;
    },
  };
}

function compileMembers(schema: NormalizedSchema): readonly Member[] {
  // A static structure schema is [kind, namespace, name, traits, member names, member schemas, count of required
  // members, which come first].
  const raw: unknown = schema.getSchema();
  const requiredCount = Array.isArray(raw) && typeof raw[6] === "number" ? raw[6] : 0;
  return [...schema.structIterator()].map(([name, member], index) => ({
    name,
    shape: shapeOf(member),
    traits: member.getMergedTraits(),
    required: index < requiredCount,
  }));
}

function emptyStructure(): StructureShape {
  return { kind: "structure", name: "Unit", traits: {}, members: [], membersByName: new Map() };
}
