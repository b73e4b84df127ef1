import { randomUUID } from "node:crypto";
import { z } from "zod";
import { ApiFailure } from "../api/schemas.ts";

/** The manager refused, or could not be reached; its sentence goes to stderr, exit code 1. */
export class CallFailed extends Error {
  constructor(sentence: string) {
    super(sentence);
    this.name = "CallFailed";
  }
}

export interface Call {
  readonly method?: "GET" | "POST" | "PUT";
  /** Below /api/v1. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly body?: object;
}

/** Sends one call and returns its JSON as it came. Throws CallFailed. */
export type CallApi = (call: Call) => Promise<unknown>;

export const Settings = z.object({
  ELASTIC_GAS_URL: z
    .url({ protocol: /^https?$/, error: "ELASTIC_GAS_URL must be an address such as http://localhost:5000." })
    .default("http://localhost:5000"),
  ELASTIC_GAS_TOKEN: z
    .string({ error: "ELASTIC_GAS_TOKEN is not set. Make a token on the manager's page API tokens." })
    .trim()
    .min(1, "ELASTIC_GAS_TOKEN is empty. Make a token on the manager's page API tokens."),
});
export type Settings = z.infer<typeof Settings>;

const TIMEOUT_MS = 30_000;

export function createCallApi({ ELASTIC_GAS_URL: base, ELASTIC_GAS_TOKEN: token }: Settings): CallApi {
  return async ({ method = "GET", path, query = {}, body }) => {
    const url = new URL(`${base.replace(/\/$/, "")}/api/v1${path}`);
    for (const [name, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(name, value);
    const response = await fetch(url, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        accept: "application/json",
        ...(method === "GET" ? {} : { "content-type": "application/json" }),
        // One run is one change, however often the request is sent; a PUT needs no key for that.
        ...(method === "POST" ? { "idempotency-key": randomUUID() } : {}),
      },
      body: method === "GET" ? null : JSON.stringify(body ?? {}),
      signal: AbortSignal.timeout(TIMEOUT_MS),
      redirect: "error",
    }).catch((error: unknown) => {
      throw new CallFailed(`The manager at ${base} does not answer (${causeOf(error)}). ELASTIC_GAS_URL names it.`);
    });
    const answer: unknown = await response.json().catch(() => undefined);
    if (response.ok && answer !== undefined) return answer;
    const failure = ApiFailure.safeParse(answer);
    throw new CallFailed(
      failure.success
        ? failure.data.error.message
        : `${base} answered ${response.status} and no JSON: is it the manager? ELASTIC_GAS_URL names it.`,
    );
  };
}

function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return "unknown error";
  if (error.name === "TimeoutError") return `nothing within ${TIMEOUT_MS / 1000} s`;
  const { cause } = error;
  return cause instanceof Error && "code" in cause ? String(cause.code) : error.message;
}
