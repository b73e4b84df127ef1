import { randomUUID } from "node:crypto";
import { createReadStream, openAsBlob } from "node:fs";
import { stat } from "node:fs/promises";
import { basename } from "node:path";
import { Readable } from "node:stream";
import { setTimeout as pause } from "node:timers/promises";
import { z } from "zod";

/** The service refused, or could not be reached: its sentence goes to stderr, exit code 1. */
export class CallFailed extends Error {
  override name = "CallFailed";
}

const Submitted = z.object({
  id: z.string(),
  status: z.string(),
  build: z.string().nullable().catch(null),
  statusUrl: z.url(),
});
const Status = z.looseObject({
  id: z.string(),
  status: z.enum(["PENDING", "RUNNING", "COMPLETED", "FAILED"]),
  progressPercent: z.number().nullable().catch(null),
  place: z.number().nullable().catch(null),
  failure: z.string().nullable().catch(null),
  resultUrl: z.url().nullable().catch(null),
});
export type Status = z.infer<typeof Status>;
const Upload = z.object({ url: z.url(), fields: z.record(z.string(), z.string()), key: z.string() });
const Failure = z.object({ error: z.object({ message: z.string() }) });

/** A larger file goes to the storage itself; the service takes 32 MB in a request. */
const DIRECT_MAX_BYTES = 30_000_000;
const TRIES = 5;
const CALL_LIMIT_MS = 60_000;

export interface Service {
  readonly url: string;
  readonly token: string;
  readonly signal: AbortSignal;
  /** Milliseconds between two tries; tests shorten it. */
  readonly retryMs?: number;
}

/** Sends a file, again after a broken connection: the key makes it one job. */
export async function submitFile(
  service: Service,
  {
    file,
    build,
    name,
  }: { readonly file: string; readonly build?: string | undefined; readonly name?: string | undefined },
): Promise<z.infer<typeof Submitted>> {
  const found = await stat(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") throw new CallFailed(`There is no file ${file}.`);
    throw new CallFailed(`${file} cannot be read (${error.code ?? error.message}).`);
  });
  if (!found.isFile()) throw new CallFailed(`${file} is ${found.isDirectory() ? "a folder" : "no regular file"}.`);
  const { size } = found;
  const choices = { ...(build === undefined ? {} : { build }), ...(name === undefined ? {} : { name }) };
  if (size > DIRECT_MAX_BYTES) return submitLarge(service, file, choices);
  const query = new URLSearchParams({ filename: basename(file), ...choices });
  const idempotencyKey = randomUUID();
  const answer = await call(service, `/api/v1/annotations?${query}`, () => ({
    method: "POST",
    headers: {
      "idempotency-key": idempotencyKey,
      "content-type": "application/octet-stream",
      "content-length": String(size),
    },
    body: Readable.toWeb(createReadStream(file)) as ReadableStream, // Node's own type of the same thing
    duplex: "half",
  }));
  return Submitted.parse(await answer.json());
}

async function submitLarge(
  service: Service,
  file: string,
  choices: Readonly<Record<string, string>>,
): Promise<z.infer<typeof Submitted>> {
  const post = async (path: string, body: object) => {
    const init = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
    return (await call(service, path, () => init)).json();
  };
  const { url, fields, key } = Upload.parse(
    await post("/api/v1/uploads", { filename: basename(file), build: choices.build }),
  );
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  form.append("file", await openAsBlob(file), basename(file));
  const stored = await fetch(url, { method: "POST", body: form, signal: service.signal }).catch((error: unknown) => {
    throw new CallFailed(`The storage does not answer (${causeOf(error)}).`);
  });
  if (!stored.ok) throw new CallFailed(`The storage refused the file (${stored.status}).`);
  return Submitted.parse(await post("/api/v1/annotations", { key, ...choices }));
}

export async function readStatus(service: Service, statusUrl: string): Promise<Status> {
  return Status.parse(await (await call(service, statusUrl, () => ({}))).json());
}

/** The log of a job; its first line says so while it is not finished. */
export async function readLog(service: Service, jobId: string): Promise<string> {
  return (await call(service, `/api/v1/annotations/${encodeURIComponent(jobId)}/log`, () => ({}))).text();
}

/** The result's bytes. */
export async function openResult(service: Service, resultUrl: string): Promise<Readable> {
  const { body } = await call(service, resultUrl, () => ({}), 0);
  if (body === null) throw new CallFailed("The result is empty.");
  return Readable.fromWeb(body as Parameters<typeof Readable.fromWeb>[0]); // Node's own type of the same thing
}

/**
 * One call, tried again when there was no answer, or one that says "later". Throws CallFailed. A time limit of 0: as
 * long as it takes.
 */
async function call(
  { url, token, signal, retryMs = 1_000 }: Service,
  path: string,
  init: () => RequestInit & { readonly duplex?: "half" },
  limitMs = CALL_LIMIT_MS,
): Promise<Response> {
  const address = new URL(path, `${url.replace(/\/$/, "")}/`);
  for (let tries = 1; ; tries += 1) {
    signal.throwIfAborted();
    const request = init();
    const response = await fetch(address, {
      ...request,
      headers: { accept: "application/json", ...request.headers, authorization: `Bearer ${token}` },
      signal: limitMs === 0 ? signal : AbortSignal.any([signal, AbortSignal.timeout(limitMs)]),
    }).catch((error: unknown) => {
      signal.throwIfAborted();
      if (tries >= TRIES)
        throw new CallFailed(`${url} does not answer (${causeOf(error)}). ELASTIC_GAS_APP_URL sets the address.`);
      return undefined;
    });
    if (response?.ok) return response;
    const isLater = response === undefined || response.status === 429 || response.status === 503;
    if (response !== undefined && (!isLater || tries >= TRIES)) throw new CallFailed(await sentenceOf(response, url));
    const wait = Number(response?.headers.get("retry-after") ?? 0) * 1_000;
    await pause(Math.max(wait, retryMs * 2 ** (tries - 1)), undefined, { signal });
  }
}

async function sentenceOf(response: Response, url: string): Promise<string> {
  const failure = Failure.safeParse(await response.json().catch(() => undefined));
  if (failure.success) return failure.data.error.message;
  return `${url} answered ${response.status} without JSON. Is it the annotation service? ELASTIC_GAS_APP_URL sets the address.`;
}

function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return "unknown error";
  if (error.name === "TimeoutError") return `no answer within ${CALL_LIMIT_MS / 1000} s`;
  const { cause } = error;
  return cause instanceof Error && "code" in cause ? String(cause.code) : error.message;
}
