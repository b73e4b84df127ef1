import { z } from "zod";
import { type ApiOperation, OPERATIONS } from "./operations.ts";
import { ApiFailure } from "./schemas.ts";

const FAILURES = {
  400: "Not understood",
  401: "Not signed in",
  403: "Not allowed",
  404: "Not there",
  409: "Refused, and why",
  429: "Too many requests; Retry-After says how many seconds to wait",
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
      title: "Elastic GAS manager",
      version,
      description: "Reads and operates the worker pools. Wishes are stored; the autoscaler carries them out.",
    },
    servers: [{ url: "/api/v1" }],
    security: [{ token: [] }, { session: [] }],
    paths,
    components: {
      schemas: { Failure: jsonSchema(ApiFailure, "output") },
      securitySchemes: {
        token: { type: "http", scheme: "bearer", description: "A token of the page API tokens; scope read or operate" },
        session: {
          type: "apiKey",
          in: "cookie",
          name: "manager_session",
          description: "Changes also need x-csrf-token",
        },
      },
    },
  };
}

function describe({ id, summary, params, query, body, answer }: ApiOperation): object {
  return {
    operationId: id,
    summary,
    parameters: [...parameters(params, "path"), ...parameters(query, "query")],
    ...(body === undefined
      ? {}
      : {
          requestBody: {
            required: !body.safeParse({}).success,
            content: { "application/json": { schema: jsonSchema(body, "input") } },
          },
        }),
    responses: {
      "200": { description: "Done", content: { "application/json": { schema: jsonSchema(answer, "output") } } },
      ...Object.fromEntries(
        Object.entries(FAILURES).map(([status, description]) => [
          status,
          { description, content: { "application/json": { schema: { $ref: "#/components/schemas/Failure" } } } },
        ]),
      ),
    },
  };
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
