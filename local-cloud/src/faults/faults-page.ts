import type { IncomingMessage, ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { z } from "zod";
import { Fault } from "../wire/handler.ts";
import { isOwnOrigin } from "../wire/own-origin.ts";
import type { Page } from "../wire/server.ts";
import type { FaultRules } from "./fault-rules.ts";
import { FaultRequest, isCallFault, type Rule } from "./rule.ts";

/** Names of the operations that each service implements. */
export type Operations = Readonly<Record<string, readonly string[]>>;

interface Answer {
  readonly statusCode: number;
  readonly body?: object;
}

const PREFIX = "/_faults";
const MAX_BODY_BYTES = 10_000;

/**
 * Fault injection: `GET /_faults` lists what is in force, `POST /_faults` adds (JSON, see rule.ts), `DELETE /_faults/<id>` and `DELETE /_faults` end one or all.
 */
export function faultsPage(rules: FaultRules, operations: Operations): Page {
  return {
    prefix: PREFIX,
    async handle(request, response) {
      send(response, await answerRequest(rules, operations, request));
      if (!request.readableEnded) request.resume();
    },
  };
}

async function answerRequest(rules: FaultRules, operations: Operations, request: IncomingMessage): Promise<Answer> {
  const path = (request.url ?? PREFIX).replace(/\?.*$/s, "").replace(/\/$/, "");
  const id = path.slice(PREFIX.length + 1);
  if (!isLoopback(request.socket.remoteAddress)) return failure(403, "Faults are set from this machine only.");
  if (request.method === "GET")
    return id === "" ? { statusCode: 200, body: { rules: rules.list().map(view) } } : findOne(rules, id);
  if (!isOwnOrigin(request)) return failure(403, "Pages of other sites may not set faults.");
  if (request.method === "DELETE") {
    if (id === "") rules.removeAll();
    else if (!rules.remove(id)) return failure(404, `There is no fault ${id} in force.`);
    return { statusCode: 204 };
  }
  if (request.method !== "POST" || id !== "") return failure(405, "GET, POST and DELETE are answered here.");
  // A page of another site can send forms without asking, but no JSON.
  if (!/^application\/json\b/.test(request.headers["content-type"] ?? ""))
    return failure(415, "Send application/json.");
  const length = Number(request.headers["content-length"] ?? Number.NaN);
  if (Number.isNaN(length) || length > MAX_BODY_BYTES) return failure(413, "Too large, or of no known length.");
  return addFault(rules, operations, await text(request));
}

function addFault(rules: FaultRules, operations: Operations, body: string): Answer {
  const parsed = FaultRequest.safeParse(parseJson(body));
  if (!parsed.success) return failure(400, z.prettifyError(parsed.error));
  const fault = parsed.data;
  try {
    if (fault.kind === "kill-instance") {
      rules.killInstance(fault.instanceId);
      return { statusCode: 200, body: fault };
    }
    if (isCallFault(fault) && fault.operation !== undefined && !isKnown(operations, fault.service, fault.operation))
      return failure(400, `No service here implements ${fault.service ?? "any"} ${fault.operation}.`);
    return { statusCode: 201, body: view(rules.add(fault)) };
  } catch (error) {
    if (error instanceof Fault) return failure(404, error.message);
    throw error;
  }
}

function findOne(rules: FaultRules, id: string): Answer {
  const rule = rules.list().find((each) => each.id === id);
  return rule ? { statusCode: 200, body: view(rule) } : failure(404, `There is no fault ${id} in force.`);
}

function view({ id, fault, createdAt, expiresAt, strikes }: Rule): object {
  return { id, createdAt, expiresAt, strikes, ...fault };
}

function failure(statusCode: number, error: string): Answer {
  return { statusCode, body: { error } };
}

function isKnown(operations: Operations, service: string | undefined, operation: string): boolean {
  const searched = service === undefined ? Object.values(operations) : [operations[service] ?? []];
  return searched.some((names) => names.includes(operation));
}

function isLoopback(address: string | undefined): boolean {
  return address !== undefined && /^(::ffff:)?127\.|^::1$/.test(address);
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined; // the schema refuses it
  }
}

function send(response: ServerResponse, { statusCode, body }: Answer): void {
  response.writeHead(statusCode, { "content-type": "application/json", "cache-control": "no-store" });
  response.end(body === undefined ? undefined : JSON.stringify(body));
}
