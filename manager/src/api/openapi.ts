import { z } from "zod";
import { ResizeBody } from "../pools/routes.ts";
import {
  ApiActivity,
  ApiAlert,
  ApiCharts,
  ApiDecision,
  ApiFailure,
  ApiOutcome,
  ApiPolicy,
  ApiPool,
  ApiWorker,
  ChartsQuery,
  ListQuery,
  PolicyChange,
  PoolParams,
  WorkerParams,
  WorkersQuery,
} from "./schemas.ts";

export interface ApiOperation {
  readonly method: "get" | "post" | "put";
  /** With `{names}` of the path's parameters. */
  readonly path: string;
  readonly id: string;
  readonly summary: string;
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly body?: z.ZodType;
  readonly answer: z.ZodType;
}

const poolVerb = (verb: string, words: string, body?: z.ZodType): ApiOperation => ({
  ...(body === undefined ? {} : { body }),
  method: "post",
  path: `/pools/{pool}/${verb}`,
  id: `${verb}Pool`,
  summary: words,
  params: PoolParams,
  answer: ApiOutcome,
});
const workerVerb = (verb: string, words: string): ApiOperation => ({
  method: "post",
  path: `/workers/{id}/${verb}`,
  id: `${verb}Worker`,
  summary: words,
  params: WorkerParams,
  answer: ApiOutcome,
});

/** Every operation of /api/v1. A test holds routes and document together. */
export const OPERATIONS: readonly ApiOperation[] = [
  {
    method: "get",
    path: "/pools",
    id: "listPools",
    summary: "All pools, as AWS and the database show them now",
    answer: z.array(ApiPool),
  },
  { method: "get", path: "/pools/{pool}", id: "getPool", summary: "One pool", params: PoolParams, answer: ApiPool },
  poolVerb("grow", "Wish for one worker more; refused with 409 at the maximum", ResizeBody),
  poolVerb("shrink", "Wish for one worker less; refused with 409 at the minimum", ResizeBody),
  poolVerb("pause", "Pause the policy; lost workers are still replaced"),
  poolVerb("resume", "Put the policy in force again"),
  {
    method: "get",
    path: "/pools/{pool}/policy",
    id: "getPolicy",
    summary: "Policy and limits in force",
    params: PoolParams,
    answer: ApiPolicy,
  },
  {
    method: "put",
    path: "/pools/{pool}/policy",
    id: "savePolicy",
    summary: "Save policy and limits as a new version, in force at the next check",
    params: PoolParams,
    body: PolicyChange,
    answer: ApiPolicy,
  },
  {
    method: "get",
    path: "/pools/{pool}/charts",
    id: "getCharts",
    summary: "What the charts show: worker counts, mean CPU, requests, each worker's CPU and requests",
    params: PoolParams,
    query: ChartsQuery,
    answer: ApiCharts,
  },
  {
    method: "get",
    path: "/workers",
    id: "listWorkers",
    summary: "All workers that exist",
    query: WorkersQuery,
    answer: z.array(ApiWorker),
  },
  workerVerb("replace", "Launch another worker, then drain this one"),
  workerVerb("drain", "Drain this worker; the pool shrinks by 1"),
  workerVerb("protect", "Keep this worker when the pool shrinks"),
  workerVerb("unprotect", "No longer keep this worker when the pool shrinks"),
  {
    method: "get",
    path: "/decisions",
    id: "listDecisions",
    summary: "Checks and their reasons, newest first",
    query: ListQuery,
    answer: z.array(ApiDecision),
  },
  {
    method: "get",
    path: "/activities",
    id: "listActivities",
    summary: "Changes and who asked for them, newest first",
    query: ListQuery,
    answer: z.array(ApiActivity),
  },
  { method: "get", path: "/alerts", id: "listAlerts", summary: "What needs a look", answer: z.array(ApiAlert) },
];

/** The OpenAPI 3.1 document of /api/v1: https://spec.openapis.org/oas/v3.1.0 */
export function openApiDocument(version: string): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const operation of OPERATIONS) {
    paths[operation.path] ??= {};
    Object.assign(paths[operation.path] ?? {}, { [operation.method]: describe(operation) });
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
        Object.entries({
          400: "Not understood",
          401: "Not signed in",
          403: "Not allowed",
          404: "Not there",
          409: "Refused",
        }).map(([status, description]) => [
          status,
          { description, content: { "application/json": { schema: jsonSchema(ApiFailure, "output") } } },
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
