import type { SchemaRef } from "@smithy/types";
import { type Shape, type StructureShape, structureOf } from "./shape.ts";

export interface HttpBinding {
  readonly method: string;
  /** Path template of the model without its query, such as `/{Key+}`. */
  readonly path: string;
  readonly query: readonly (readonly [name: string, value: string])[];
  readonly statusCode: number;
}

export interface Operation {
  readonly name: string;
  readonly input: StructureShape;
  readonly output: StructureShape;
  readonly http: HttpBinding | undefined;
  /**
   * Whether `x-amz-checksum-*` headers speak of the request's body (and not, as when completing an upload, of an
   * object).
   */
  readonly hasBodyChecksum: boolean;
  /** Member of the input that carries a body too large to hold in memory. */
  readonly inputStream: string | undefined;
}

export interface Model {
  readonly operations: ReadonlyMap<string, Operation>;
  /** Shapes of the exceptions by name, such as `NoSuchKey`. */
  readonly errors: ReadonlyMap<string, StructureShape>;
}

const OPERATION = 9;
const ERROR = -3;

/** Reads a model from what an SDK client package exports: its schemas end in `$` (`PutObject$`, `NoSuchKey$`). */
export function readModel(client: Readonly<Record<string, unknown>>): Model {
  const operations = new Map<string, Operation>();
  const errors = new Map<string, StructureShape>();
  for (const [exported, schema] of Object.entries(client)) {
    if (!exported.endsWith("$") || !Array.isArray(schema)) continue;
    const name = String(schema[2]);
    if (schema[0] === OPERATION) operations.set(name, lazyOperation(name, schema));
    // The array is one of the SDK's static schemas, which its type `SchemaRef` describes.
    if (schema[0] === ERROR) errors.set(name, structureOf(schema as unknown as SchemaRef));
  }
  return { operations, errors };
}

function lazyOperation(name: string, schema: readonly unknown[]): Operation {
  const [, , , traits, inputRef, outputRef] = schema;
  let input: StructureShape | undefined;
  let output: StructureShape | undefined;
  return {
    name,
    http: httpBinding(traits),
    hasBodyChecksum: typeof traits === "object" && traits !== null && "httpChecksum" in traits,
    get input() {
      input ??= structureOf(inputRef as SchemaRef); // an operation's fifth and sixth entries are its input and output schemas
      return input;
    },
    get output() {
      output ??= structureOf(outputRef as SchemaRef);
      return output;
    },
    get inputStream() {
      return this.input.members.find((member) => isStream(member.shape))?.name;
    },
  };
}

function isStream(shape: Shape): boolean {
  return shape.kind === "blob" && shape.streaming;
}

function httpBinding(traits: unknown): HttpBinding | undefined {
  const http: unknown = typeof traits === "object" && traits !== null && "http" in traits ? traits.http : undefined;
  if (!Array.isArray(http)) return undefined;
  const [method, uri, statusCode] = http;
  const [path = "/", query = ""] = String(uri).split("?");
  return {
    method: String(method),
    path,
    // `x-id` is a hint for logs that not every client sends.
    query: [...new URLSearchParams(query)].filter(([key]) => key !== "x-id"),
    statusCode: Number(statusCode),
  };
}
