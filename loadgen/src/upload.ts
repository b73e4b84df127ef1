import { randomBytes } from "node:crypto";
import type { Outcome } from "./outcome.ts";
import { post } from "./post.ts";

export interface Account {
  readonly username: string;
  readonly password: string;
}

/** A file to send. */
export interface LoadFile {
  readonly name: string;
  readonly bytes: Buffer;
}

export interface Timing {
  readonly startedAt: number;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/**
 * One upload as the course's generator sends it: multipart with the file first, then the user name and the password;
 * the part's type is application/octet-stream; HTTP/1.1 with Content-Length on a connection of its own. Never throws.
 */
export async function upload(
  url: URL,
  { username, password }: Account,
  { name, bytes }: LoadFile,
  timing: Timing,
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
  const began = performance.now();
  const headers = { "content-type": `multipart/form-data; boundary=${boundary}` };
  const { status, text, retryAfterSeconds } = await post(url, { headers, body }, timing);
  return {
    sentAtMs: began - timing.startedAt,
    ms: performance.now() - began,
    status,
    // What the course's generator counts: 200 and a body that says so.
    succeeded: status === 200 && /^\s*\{\s*"success"\s*:\s*true\b/.test(text),
    refused: status === 503 && retryAfterSeconds !== null,
    text,
  };
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
      `${registerUrl.host} does not answer (${cause}). Is the system running? ./start.sh status shows it.`,
    );
  });
  // 409: the name is taken, by an earlier run as a rule; a wrong password shows in the first upload.
  if (!response.ok && response.status !== 409)
    throw new Error(`${registerUrl.href} answered ${response.status}: ${(await response.text()).slice(0, 300)}`);
}
