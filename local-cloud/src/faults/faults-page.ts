import type { IncomingMessage, ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { z } from "zod";
import { type Reply, sendReply } from "../pages/page.ts";
import { Fault } from "../wire/handler.ts";
import { isOwnOrigin } from "../wire/own-origin.ts";
import type { Page } from "../wire/server.ts";
import { readFaultForm } from "./fault-forms.ts";
import type { FaultRules } from "./fault-rules.ts";
import { faultsView, type LivingInstance } from "./faults-view.ts";
import { FaultRequest, isCallFault, type Rule } from "./rule.ts";

/** Names of the operations that each service implements. */
export type Operations = Readonly<Record<string, readonly string[]>>;

interface Answer {
  readonly statusCode: number;
  readonly body?: object;
}

const PREFIX = "/_faults";
const MAX_BODY_BYTES = 10_000;

/** What the pages need of the rest of the cloud. */
export interface FaultsPageOptions {
  readonly rules: FaultRules;
  readonly operations: Operations;
  readonly listInstances: () => readonly LivingInstance[];
}

/**
 * Fault injection. Programs: `GET /_faults` lists what is in force, `POST /_faults` adds (JSON, see rule.ts), `DELETE
 * /_faults/<id>` and
 * `DELETE /_faults` end one or all. People get a page with forms at the same address.
 */
export function faultsPage(options: FaultsPageOptions): Page {
  return {
    prefix: PREFIX,
    async handle(request, response) {
      const form = await readForm(request);
      if (form) sendReply(response, answerForm(options, pathOf(request), form));
      else if (wantsHtml(request)) sendReply(response, faultsView(viewOf(options)));
      else send(response, await answerRequest(options, request));
      if (!request.readableEnded) request.resume();
    },
  };
}

/**
 * A form of this very page; whatever else comes is answered as to a program. Browsers tell the origin of every form
 * that is sent.
 */
async function readForm(request: IncomingMessage): Promise<URLSearchParams | undefined> {
  const isForm = /^application\/x-www-form-urlencoded\b/.test(request.headers["content-type"] ?? "");
  const isOurs =
    request.headers.origin !== undefined && isOwnOrigin(request) && isLoopback(request.socket.remoteAddress);
  if (request.method !== "POST" || !isForm || !isOurs || !hasFittingBody(request)) return undefined;
  return new URLSearchParams(await text(request));
}

function answerForm(options: FaultsPageOptions, path: string, form: URLSearchParams): Reply {
  const { rules, operations } = options;
  const done = { location: PREFIX };
  const [, id, isEnd] = /^\/_faults(?:\/([\da-f-]{36}))?(\/end)?$/.exec(path) ?? [];
  if (isEnd && id === undefined) rules.removeAll();
  else if (isEnd && id !== undefined)
    rules.remove(id); // it may have ended by itself meanwhile
  else {
    const { statusCode, body } = addFault(rules, operations, readFaultForm(form));
    if (statusCode >= 400) return faultsView({ ...viewOf(options), refusal: String(Reflect.get(body ?? {}, "error")) });
  }
  return done;
}

function viewOf({ rules, operations, listInstances }: FaultsPageOptions) {
  const names = [...new Set(Object.values(operations).flat())].sort();
  return { rules: rules.list(), instances: listInstances(), operations: names };
}

function wantsHtml({ method, url = "", headers, socket }: IncomingMessage): boolean {
  const isPage = (method === "GET" || method === "HEAD") && /^\/_faults\/?(\?|$)/.test(url);
  return isPage && /\btext\/html\b/.test(headers.accept ?? "") && isLoopback(socket.remoteAddress);
}

function pathOf({ url = PREFIX }: IncomingMessage): string {
  return url.replace(/\?.*$/s, "").replace(/\/$/, "");
}

async function answerRequest({ rules, operations }: FaultsPageOptions, request: IncomingMessage): Promise<Answer> {
  const id = pathOf(request).slice(PREFIX.length + 1);
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
  if (!hasFittingBody(request)) return failure(413, "Too large, or of no known length.");
  return addFault(rules, operations, parseJson(await text(request)));
}

function hasFittingBody({ headers }: IncomingMessage): boolean {
  const length = Number(headers["content-length"] ?? Number.NaN);
  return !Number.isNaN(length) && length <= MAX_BODY_BYTES;
}

function addFault(rules: FaultRules, operations: Operations, asked: unknown): Answer {
  const parsed = FaultRequest.safeParse(asked);
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
