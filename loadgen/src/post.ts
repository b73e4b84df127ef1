import { type RequestOptions, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";

/** What came of one HTTP request. */
export interface Reply {
  /** null when no answer came. */
  readonly status: number | null;
  /** Whole seconds of Retry-After, where the answer had one. */
  readonly retryAfterSeconds: number | null;
  /** The answer's body, or why none came. */
  readonly text: string;
}

export interface Limits {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

export interface Message {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** HTTP/1.1 with Content-Length on a connection of its own. Never throws. */
export function post(url: URL, { headers, body }: Message, { timeoutMs, signal }: Limits): Promise<Reply> {
  const noAnswer = (error: Error): Reply => ({
    status: null,
    retryAfterSeconds: null,
    text: describeFailure(error, timeoutMs),
  });
  return new Promise((resolve) => {
    const options: RequestOptions = {
      method: "POST",
      agent: false,
      headers: { ...headers, "content-length": body.length, connection: "close" },
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    };
    const request = (url.protocol === "https:" ? requestHttps : requestHttp)(url, options, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", (error) => resolve(noAnswer(error)));
      response.on("end", () => {
        const wait = Number(response.headers["retry-after"]);
        resolve({
          status: response.statusCode ?? null,
          retryAfterSeconds: Number.isInteger(wait) ? wait : null,
          text: Buffer.concat(chunks).toString("utf8"),
        });
      });
    });
    request.on("error", (error) => resolve(noAnswer(error)));
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
