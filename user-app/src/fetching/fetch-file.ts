import { formatBytes } from "@elastic-gas/shared/format/numbers";
import { HttpError, Overloaded } from "@elastic-gas/shared/web/errors";
import {
  AddressRefused,
  createGuardedAgent,
  type GuardedAgentOptions,
  type MayReach,
} from "@elastic-gas/shared/web/guarded-agent";
import { isPublicAddress } from "@elastic-gas/shared/web/public-address";
import { type Agent, type Dispatcher, errors, request } from "undici";

export interface FetchedFile {
  readonly fileName: string;
  readonly bytes: Uint8Array;
}

/** What is fetched, for sentences and for the server that is asked. */
export interface FileKind {
  /** `a photo` */
  readonly one: string;
  /** `photos` */
  readonly many: string;
  readonly accept: string;
}

export const PHOTO: FileKind = { one: "a photo", many: "photos", accept: "image/*" };
export const VCF: FileKind = { one: "a VCF file", many: "files", accept: "*/*" };

export interface FetchFileOptions {
  /**
   * Which addresses may be reached; the public ones by default. An argument, so that no setting can widen it in
   * production.
   */
  readonly mayReach?: MayReach;
  readonly resolve?: GuardedAgentOptions["resolve"];
  readonly timeoutMs?: number;
  /** Fetches at once in one worker: each may hold `maxBytes` and last `timeoutMs`. */
  readonly maxConcurrent?: number;
}

export interface FetchLimits {
  readonly signal: AbortSignal;
  readonly maxBytes: number;
}

export type FetchFile = (address: string, limits: FetchLimits) => Promise<FetchedFile>;

const MAX_REDIRECTS = 3;
const TIMEOUT_MS = 15_000;
const MAX_CONCURRENT = 8;

/**
 * Makes a function that fetches a file from a public http or https address. It throws HttpError 422 with a sentence for
 * the user when the address is not allowed or does not give a file, 413 when that is too large, 503 when too many
 * fetches are under way. What is in the file, its reader says.
 */
export function createFileFetcher(kind: FileKind, options: FetchFileOptions = {}): FetchFile {
  const { mayReach = isPublicAddress, resolve, timeoutMs = TIMEOUT_MS, maxConcurrent = MAX_CONCURRENT } = options;
  let underWay = 0;
  return async (address, { signal, maxBytes }) => {
    const url = parseAddress(address);
    if (underWay >= maxConcurrent) {
      throw new Overloaded(`Other ${kind.many} are being fetched. Try again in 5\u00a0s.`, {
        retryAfterSeconds: 5,
      });
    }
    underWay += 1;
    const agent = createGuardedAgent({ mayReach, timeoutMs, maxBytes, ...(resolve ? { resolve } : {}) });
    try {
      const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
      return await follow(url, agent, { kind, signal: limit, maxBytes });
    } catch (error) {
      signal.throwIfAborted();
      throw toFetchError(error, maxBytes);
    } finally {
      underWay -= 1;
      await agent.destroy();
    }
  };
}

/** An http or https address. Throws HttpError 422 for anything else. */
function parseAddress(address: string): URL {
  const text = address.trim();
  if (text.length > 2_000 || !URL.canParse(text))
    throw refusal("This is not an address. It starts with http:// or https://.");
  // The parser writes decimal, octal and hexadecimal hosts as the IPv4 address that they mean.
  const url = new URL(text);
  if (url.protocol !== "http:" && url.protocol !== "https:")
    throw refusal("Only http and https addresses can be fetched.");
  if (url.username !== "" || url.password !== "")
    throw refusal("Addresses with a user name or password are not fetched.");
  return url;
}

interface Wanted extends FetchLimits {
  readonly kind: FileKind;
}

async function follow(start: URL, agent: Agent, wanted: Wanted): Promise<FetchedFile> {
  let url = start;
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
    const answer = await request(url, {
      dispatcher: agent,
      signal: wanted.signal,
      headers: { "user-agent": "elastic-gas", accept: wanted.kind.accept, "accept-encoding": "identity" },
    });
    // A body that nobody reads to its end reports an error when it is dropped; unheard, that would end the process.
    answer.body.on("error", () => {});
    const next = redirectOf(answer, url);
    if (next === null) return await readBody(answer, url, wanted);
    answer.body.destroy();
    url = next;
  }
  throw refusal(`The address redirects more than ${MAX_REDIRECTS} times.`);
}

function redirectOf({ statusCode, headers }: Dispatcher.ResponseData, from: URL): URL | null {
  if (![301, 302, 303, 307, 308].includes(statusCode)) return null;
  const location = [headers.location].flat()[0];
  if (location === undefined || !URL.canParse(location, from.href)) throw refusal("The address redirects to nowhere.");
  return parseAddress(new URL(location, from).href);
}

async function readBody(
  { statusCode, headers, body }: Dispatcher.ResponseData,
  url: URL,
  { kind, maxBytes }: Wanted,
): Promise<FetchedFile> {
  if (statusCode !== 200) {
    body.destroy();
    throw refusal(`${url.host} answered ${statusCode} instead of ${kind.one}.`);
  }
  if (Number(headers["content-length"] ?? 0) > maxBytes) {
    body.destroy();
    throw tooLarge(maxBytes);
  }
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > maxBytes) throw tooLarge(maxBytes);
    chunks.push(chunk);
  }
  return { fileName: fileNameOf(url), bytes: Buffer.concat(chunks) };
}

function fileNameOf(url: URL): string {
  const last = url.pathname.split("/").at(-1) ?? "";
  try {
    return decodeURIComponent(last) || url.hostname;
  } catch {
    return last; // a stray percent sign is no reason to refuse a file
  }
}

function toFetchError(error: unknown, maxBytes: number): unknown {
  if (error instanceof HttpError) return error;
  const refused = findCause(error, AddressRefused);
  if (refused) return refusal(refused.message, error);
  if (error instanceof errors.ResponseExceededMaxSizeError) return tooLarge(maxBytes);
  if (error instanceof Error && /Timeout/.test(error.name))
    return refusal("The address took too long to answer.", error);
  if (findCode(error) === "ENOTFOUND") return refusal("There is no public host of this name.", error);
  if (error instanceof Error) return refusal("The address could not be reached.", error);
  return error;
}

function findCause<Found extends Error>(error: unknown, type: new (...args: never[]) => Found): Found | undefined {
  if (error instanceof type) return error;
  if (error instanceof AggregateError) {
    return error.errors.map((one) => findCause(one, type)).find((found) => found !== undefined);
  }
  return error instanceof Error && error.cause !== undefined ? findCause(error.cause, type) : undefined;
}

function findCode(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}

function refusal(sentence: string, cause?: unknown): HttpError {
  return new HttpError(422, sentence, { cause });
}

function tooLarge(maxBytes: number): HttpError {
  return new HttpError(413, `The file at this address is larger than ${formatBytes(maxBytes)}.`);
}
