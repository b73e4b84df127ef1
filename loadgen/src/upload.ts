import { randomBytes } from "node:crypto";
import { type RequestOptions, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";

/** One request as its client saw it. */
export interface Outcome {
  /** Milliseconds after the start of the run. */
  readonly sentAtMs: number;
  readonly ms: number;
  /** HTTP status; null when no answer came. */
  readonly status: number | null;
  /** Whole seconds of Retry-After, where the answer had one. */
  readonly retryAfterSeconds: number | null;
  /** The answer's body, or why none came. */
  readonly text: string;
}

export interface Account {
  readonly username: string;
  readonly password: string;
}

export interface Picture {
  readonly name: string;
  readonly bytes: Buffer;
}

/**
 * One upload as the course's generator sends it: multipart with the file first, then the user name and the password; the part's type is
 * application/octet-stream; HTTP/1.1 with Content-Length on a connection of its own. Never throws.
 */
export function upload(
  url: URL,
  { username, password }: Account,
  { name, bytes }: Picture,
  timing: { readonly startedAt: number; readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<Outcome> {
  const boundary = `gas${randomBytes(12).toString("hex")}`;
  const field = (label: string, value: string): string =>
    `--${boundary}\r\nContent-Disposition: form-data; name="${label}"\r\n\r\n${value}\r\n`;
  const body = Buffer.concat([
    Buffer.from(
      `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="${name.replaceAll('"', "%22")}"\r\n` +
        "Content-Type: application/octet-stream\r\n\r\n",
    ),
    bytes,
    Buffer.from(`\r\n${field("username", username)}${field("password", password)}--${boundary}--\r\n`),
  ]);
  return send(url, body, `multipart/form-data; boundary=${boundary}`, timing);
}

/** Makes the account that the uploads use; one that is there already with this password is as good. */
export async function register(registerUrl: URL, { username, password }: Account, signal: AbortSignal): Promise<void> {
  const response = await fetch(registerUrl, {
    method: "POST",
    body: new URLSearchParams({ username, password }),
    signal: AbortSignal.any([signal, AbortSignal.timeout(30_000)]),
  }).catch((error: unknown) => {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
    throw new Error(
      `${registerUrl.host} does not answer (${cause}). Is the system running? "./start.sh status" tells.`,
    );
  });
  // 409: the name is taken, by an earlier run as a rule; a wrong password shows in the first upload.
  if (!response.ok && response.status !== 409)
    throw new Error(`${registerUrl.href} answered ${response.status}: ${(await response.text()).slice(0, 300)}`);
}

function send(
  url: URL,
  body: Buffer,
  contentType: string,
  {
    startedAt,
    timeoutMs,
    signal,
  }: { readonly startedAt: number; readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<Outcome> {
  const began = performance.now();
  const outcome = (status: number | null, text: string, retryAfterSeconds: number | null = null): Outcome => ({
    sentAtMs: began - startedAt,
    ms: performance.now() - began,
    status,
    retryAfterSeconds,
    text,
  });
  return new Promise((resolve) => {
    const options: RequestOptions = {
      method: "POST",
      agent: false,
      headers: { "content-type": contentType, "content-length": body.length, connection: "close" },
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    };
    const request = (url.protocol === "https:" ? requestHttps : requestHttp)(url, options, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", (error) => resolve(outcome(null, describeFailure(error, timeoutMs))));
      response.on("end", () => {
        const wait = Number(response.headers["retry-after"]);
        const seconds = Number.isInteger(wait) ? wait : null;
        resolve(outcome(response.statusCode ?? null, Buffer.concat(chunks).toString("utf8"), seconds));
      });
    });
    request.on("error", (error) => resolve(outcome(null, describeFailure(error, timeoutMs))));
    request.end(body);
  });
}

function describeFailure(error: Error, timeoutMs: number): string {
  if (error.name === "TimeoutError") return `no answer within ${timeoutMs / 1000}\u00a0s`;
  if (error.name === "AbortError") return "ended before the answer";
  const { code } = error as NodeJS.ErrnoException;
  const REASONS: Readonly<Record<string, string>> = {
    ECONNREFUSED: "connection refused",
    ECONNRESET: "connection closed without an answer",
    EPIPE: "connection closed while sending",
  };
  return (code === undefined ? undefined : REASONS[code]) ?? error.message;
}
