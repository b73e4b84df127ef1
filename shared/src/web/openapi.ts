import { z } from "zod";

/** One operation of an API: routes and document are both made from a table of these. */
export interface ApiOperation {
  readonly method: "get" | "post" | "put" | "delete";
  /** With `{names}` of the path's parameters. */
  readonly path: string;
  readonly id: string;
  readonly summary: string;
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly body?: z.ZodType;
  /** The body may also be a file: raw, or the part `file` of a form. */
  readonly takesFile?: true;
  /** 200 unless it says otherwise. */
  readonly status?: 200 | 201 | 202 | 204 | 302;
  /** JSON, or a text; without one the answer has no body. */
  readonly answer?: z.ZodType | "text";
  /** Needs no token. */
  readonly isOpen?: true;
}

export interface ApiDescription {
  readonly title: string;
  readonly version: string;
  readonly description: string;
  /** How a caller proves who it is; any one of them is enough. */
  readonly securitySchemes: Readonly<Record<string, object>>;
  /** What each status of a refusal means here. */
  readonly failures: Readonly<Record<number, string>>;
  /** The body of every refusal. */
  readonly failure: z.ZodType;
}

/** The OpenAPI 3.1 document of an API below /api/v1: https://spec.openapis.org/oas/v3.1.0 */
export function openApiDocument(operations: readonly ApiOperation[], api: ApiDescription): object {
  const { title, version, description, securitySchemes, failures, failure } = api;
  const refusals = Object.fromEntries(
    Object.entries(failures).map(([code, meaning]) => [
      code,
      { description: meaning, content: { "application/json": { schema: { $ref: "#/components/schemas/Failure" } } } },
    ]),
  );
  const paths: Record<string, Record<string, object>> = {};
  for (const operation of operations) {
    paths[operation.path] = { ...paths[operation.path], [operation.method]: describe(operation, refusals) };
  }
  return {
    openapi: "3.1.0",
    info: { title, version, description },
    servers: [{ url: "/api/v1" }],
    security: Object.keys(securitySchemes).map((scheme) => ({ [scheme]: [] })),
    paths,
    components: { schemas: { Failure: jsonSchema(failure, "output") }, securitySchemes },
  };
}

function describe(operation: ApiOperation, refusals: object): object {
  const { id, summary, params, query, body, takesFile, status = 200, answer, isOpen } = operation;
  return {
    operationId: id,
    summary,
    ...(isOpen ? { security: [] } : {}),
    parameters: [
      ...parameters(params, "path"),
      ...parameters(query, "query"),
      ...(takesFile ? [{ name: "Idempotency-Key", in: "header", required: false, schema: IDEMPOTENCY_KEY }] : []),
    ],
    ...(body === undefined
      ? {}
      : {
          requestBody: {
            required: !body.safeParse({}).success,
            content: { "application/json": { schema: jsonSchema(body, "input") }, ...(takesFile ? FILE_CONTENT : {}) },
          },
        }),
    responses: {
      [status]: {
        description: status === 302 ? "The file is at Location" : "Done",
        ...(answer === undefined ? {} : { content: answerContent(answer) }),
      },
      ...refusals,
    },
  };
}

const IDEMPOTENCY_KEY = { type: "string", minLength: 8, maxLength: 100 };
const TEXT = { type: "string" };
const FILE_CONTENT = {
  "application/octet-stream": { schema: {} },
  "multipart/form-data": {
    schema: {
      type: "object",
      properties: {
        file: { type: "string", contentMediaType: "application/octet-stream" },
        build: TEXT,
        name: TEXT,
      },
      required: ["file"],
    },
  },
};

function answerContent(answer: z.ZodType | "text"): object {
  if (answer === "text") return { "text/plain": { schema: TEXT } };
  return { "application/json": { schema: jsonSchema(answer, "output") } };
}

function parameters(schema: z.ZodObject | undefined, place: "path" | "query"): readonly object[] {
  return Object.entries(schema?.shape ?? {}).map(([name, type]) => ({
    name,
    in: place,
    required: place === "path",
    schema: jsonSchema(type as z.ZodType, "input"), // the shape of an object schema holds schemas
  }));
}

function jsonSchema(schema: z.ZodType, io: "input" | "output"): object {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, target: "draft-2020-12", unrepresentable: "any" });
  return rest;
}
