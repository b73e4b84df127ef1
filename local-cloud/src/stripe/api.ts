import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import type { Page } from "../wire/server.ts";
import { catchUp } from "./billing.ts";
import { checkoutRoutes } from "./checkout.ts";
import { newId, type StripeContext } from "./context.ts";
import { customerRoutes } from "./customers.ts";
import { StripeFault } from "./error.ts";
import { readForm } from "./form.ts";
import { recordRoutes } from "./records.ts";
import type { Route } from "./route.ts";
import { portalRoutes, subscriptionRoutes } from "./subscriptions.ts";

export interface ApiOptions {
  readonly context: StripeContext;
  readonly secretKey: string;
  readonly publicOrigin: string | undefined;
  /** To be called after every change: there may be events to deliver. */
  readonly onChange: () => void;
}

const MAX_BODY_BYTES = 1_000_000;
const KEY_DAYS = 30; // Stripe forgets keys after at least 24 hours
const ROUTES = [...customerRoutes, ...checkoutRoutes, ...subscriptionRoutes, ...portalRoutes, ...recordRoutes].map(
  (route) => ({ route, pattern: new RegExp(`^${route.path.replace(":id", "([^/]+)")}$`) }),
);

interface Answer {
  readonly statusCode: number;
  readonly body: string;
  readonly replayed: boolean;
}

/** Stripe's API as its libraries call it. https://docs.stripe.com/api */
export function stripeApi(options: ApiOptions): Page {
  const { context } = options;
  return {
    prefix: "/v1",
    async handle(request, response) {
      const requestId = newId("req");
      try {
        checkKey(request.headers.authorization, options.secretKey);
        const body = await readBody(request);
        const answer = context.store.transaction(() => answerRequest(options, request, body));
        send(response, answer, { requestId, key: idempotencyKeyOf(request) });
        options.onChange();
      } catch (error) {
        if (!(error instanceof StripeFault))
          context.log.error({ err: error, requestId }, "Stripe request failed unexpectedly");
        const fault =
          error instanceof StripeFault
            ? error
            : new StripeFault(500, "An unknown error occurred", { type: "api_error" });
        send(
          response,
          { statusCode: fault.statusCode, body: JSON.stringify(fault), replayed: false },
          { requestId, key: idempotencyKeyOf(request) },
        );
      } finally {
        if (!request.readableEnded) request.resume();
      }
    },
  };
}

function answerRequest({ context, publicOrigin }: ApiOptions, request: IncomingMessage, body: string): Answer {
  const { method = "GET", url = "/", headers } = request;
  const { pathname, search } = new URL(url, "http://localhost");
  const { route, id } = findRoute(method, pathname);
  const parameters = readForm(method === "POST" ? body : search.slice(1));
  const run = () => {
    const origin = publicOrigin ?? `http://${headers.host}`;
    return JSON.stringify(route.answer({ context, parameters, id, origin }));
  };
  catchUp(context);
  const key = method === "POST" ? idempotencyKeyOf(request) : undefined; // the others are idempotent by themselves
  if (key === undefined) return { statusCode: 200, body: run(), replayed: false };
  const fingerprint = createHash("sha256")
    .update(JSON.stringify([method, pathname, body]))
    .digest("hex");
  const known = context.store.findAnswer(key);
  if (known && known.fingerprint !== fingerprint) {
    throw new StripeFault(
      400,
      `Keys for idempotent requests can only be used with the same parameters they were first used with. Try using a key other than '${key}' if you meant to execute a different request.`,
      { type: "idempotency_error" },
    );
  }
  if (known) return { statusCode: known.statusCode, body: known.body, replayed: true };
  const fresh = run(); // a refused request keeps no answer: it has changed nothing
  const now = context.now();
  context.store.forgetAnswersBefore(new Date(now.getTime() - KEY_DAYS * 86_400_000));
  context.store.keepAnswer(key, { fingerprint, statusCode: 200, body: fresh }, now);
  return { statusCode: 200, body: fresh, replayed: false };
}

function findRoute(method: string, path: string): { readonly route: Route; readonly id: string } {
  for (const { route, pattern } of ROUTES) {
    const match = route.method === method ? pattern.exec(path) : null;
    if (match) return { route, id: decodeURIComponent(match[1] ?? "") };
  }
  throw new StripeFault(404, `Unrecognized request URL (${method}: ${path}), or local-cloud does not implement it.`);
}

/** https://docs.stripe.com/api/authentication */
function checkKey(authorization: string | undefined, secretKey: string): void {
  const [, scheme = "", credentials = ""] = /^(Bearer|Basic) +(\S+)$/i.exec(authorization ?? "") ?? [];
  if (credentials === "")
    throw new StripeFault(401, "You did not provide an API key. Use it as a Bearer token in the Authorization header.");
  const isBasic = scheme.toLowerCase() === "basic";
  const key = isBasic ? Buffer.from(credentials, "base64").toString().replace(/:.*$/s, "") : credentials;
  const digest = (value: string) => createHash("sha256").update(value).digest();
  if (!timingSafeEqual(digest(key), digest(secretKey)))
    throw new StripeFault(401, `Invalid API Key provided: ${key.slice(0, 8)}****`);
}

function idempotencyKeyOf({ headers }: IncomingMessage): string | undefined {
  const key = headers["idempotency-key"];
  return typeof key === "string" && key !== "" ? key.slice(0, 255) : undefined;
}

async function readBody(request: IncomingMessage): Promise<string> {
  if (Number(request.headers["content-length"] ?? 0) > MAX_BODY_BYTES || "transfer-encoding" in request.headers)
    throw new StripeFault(413, "The request is too large, or does not tell its length.");
  return text(request);
}

function send(
  response: ServerResponse,
  { statusCode, body, replayed }: Answer,
  { requestId, key }: { readonly requestId: string; readonly key: string | undefined },
): void {
  response.writeHead(statusCode, {
    "content-type": "application/json",
    "cache-control": "no-store",
    "request-id": requestId,
    ...(key === undefined ? {} : { "idempotency-key": Buffer.from(key).toString("latin1") }),
    ...(replayed ? { "idempotent-replayed": "true" } : {}),
  });
  response.end(body);
}
