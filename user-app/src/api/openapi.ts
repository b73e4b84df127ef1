import { z } from "zod";
import { type ApiOperation, OPERATIONS } from "./annotation-operations.ts";
import { ApiFailure } from "./annotation-schemas.ts";

const FAILURES = {
  400: "Not understood",
  401: "No token, or one that is unknown or revoked",
  403: "The token may only read",
  404: "Not there, or not yours",
  409: "Not possible in this state, and why",
  413: "Too large",
  429: "Too many requests or waiting jobs; Retry-After says how many seconds to wait",
  503: "Not now; Retry-After says how many seconds to wait",
} as const;

/** The OpenAPI 3.1 document of /api/v1: https://spec.openapis.org/oas/v3.1.0 */
export function openApiDocument(version: string): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const operation of OPERATIONS) {
    paths[operation.path] = { ...paths[operation.path], [operation.method]: describe(operation) };
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Elastic GAS annotations",
      version,
      description: "Annotates VCF files. Tokens are made on the page API tokens; scope read or write.",
    },
    servers: [{ url: "/api/v1" }],
    security: [{ token: [] }],
    paths,
    components: {
      schemas: { Failure: jsonSchema(ApiFailure, "output") },
      securitySchemes: { token: { type: "http", scheme: "bearer" } },
    },
  };
}

function describe(operation: ApiOperation): object {
  const { id, summary, params, query, body, status, answer, isOpen } = operation;
  return {
    operationId: id,
    summary,
    ...(isOpen ? { security: [] } : {}),
    parameters: [...parameters(params, "path"), ...parameters(query, "query"), ...idempotency(operation)],
    ...(body === undefined ? {} : { requestBody: { required: true, content: requestContent(operation, body) } }),
    responses: {
      [status]: {
        description: status === 302 ? "The file is at Location" : "Done",
        ...(answer === undefined ? {} : { content: answerContent(answer) }),
      },
      ...Object.fromEntries(
        Object.entries(FAILURES).map(([code, description]) => [
          code,
          { description, content: { "application/json": { schema: { $ref: "#/components/schemas/Failure" } } } },
        ]),
      ),
    },
  };
}

function requestContent({ takesFile }: ApiOperation, body: z.ZodType): object {
  const json = { "application/json": { schema: jsonSchema(body, "input") } };
  if (!takesFile) return json;
  const file = { type: "string", contentMediaType: "application/octet-stream" };
  const text = { type: "string" };
  return {
    ...json,
    "application/octet-stream": { schema: {} },
    "multipart/form-data": {
      schema: { type: "object", properties: { file, build: text, name: text }, required: ["file"] },
    },
  };
}

function answerContent(answer: z.ZodType | "text"): object {
  if (answer === "text") return { "text/plain": { schema: { type: "string" } } };
  return { "application/json": { schema: jsonSchema(answer, "output") } };
}

function idempotency({ takesFile }: ApiOperation): readonly object[] {
  if (!takesFile) return [];
  return [
    {
      name: "Idempotency-Key",
      in: "header",
      required: false,
      schema: { type: "string", minLength: 8, maxLength: 100 },
    },
  ];
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
