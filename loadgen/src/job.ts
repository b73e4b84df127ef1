import { pause } from "@elastic-gas/shared/shutdown";
import { z } from "zod";
import type { Outcome } from "./outcome.ts";
import { post } from "./post.ts";
import type { LoadFile, Timing } from "./upload.ts";

const Submitted = z.object({ id: z.string(), statusUrl: z.string() });
const State = z.object({ status: z.enum(["PENDING", "RUNNING", "COMPLETED", "FAILED"]) });

/** A job that ends in seconds is asked about often, a long one seldom. */
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 5_000;
const ASK_TIMEOUT_MS = 10_000;

/**
 * Submits a VCF file by user-app's API and follows the job to its end; the time is from the submission to the answer
 * that says so. A question that fails is asked again until the time is over. Never throws.
 */
export async function runJob(url: URL, token: string, { name, bytes }: LoadFile, timing: Timing): Promise<Outcome> {
  const began = performance.now();
  const outcome = (rest: Pick<Outcome, "status" | "text"> & Partial<Outcome>): Outcome => ({
    sentAtMs: began - timing.startedAt,
    ms: performance.now() - began,
    succeeded: false,
    refused: false,
    ...rest,
  });
  const target = new URL(url);
  target.searchParams.set("filename", name);
  const authorization = `Bearer ${token}`;
  const headers = { authorization, "content-type": "application/octet-stream" };
  const { status, text, retryAfterSeconds } = await post(target, { headers, body: bytes }, timing);
  if (status !== 202) {
    const refused = (status === 429 || status === 503) && retryAfterSeconds !== null;
    return outcome({ status, text, refused });
  }
  const submitted = readJson(Submitted, text);
  if (submitted === undefined) return outcome({ status, text: `no job in the answer: ${text}` });
  // A token goes to nobody but the service that it was given for.
  const statusUrl = URL.canParse(submitted.statusUrl, url.href) ? new URL(submitted.statusUrl, url) : undefined;
  if (statusUrl?.origin !== url.origin)
    return outcome({ status, text: `the job's address is elsewhere: ${submitted.statusUrl}` });

  const end = began + timing.timeoutMs;
  for (let waitMs = FIRST_WAIT_MS; performance.now() < end; waitMs = Math.min(LONGEST_WAIT_MS, waitMs * 1.5)) {
    await pause(Math.min(waitMs, end - performance.now()), timing.signal);
    if (timing.signal.aborted) return outcome({ status: null, text: "ended before the job did" });
    const state = await askState(statusUrl, authorization, timing.signal);
    if (state === "COMPLETED") return outcome({ status, succeeded: true, text: "job completed" });
    if (state === "FAILED") return outcome({ status, text: "job failed" });
  }
  return outcome({ status: null, text: `job not ended within ${timing.timeoutMs / 1000}\u00a0s` });
}

async function askState(url: URL, authorization: string, signal: AbortSignal): Promise<string | undefined> {
  try {
    const response = await fetch(url, {
      headers: { authorization, accept: "application/json" },
      redirect: "error",
      signal: AbortSignal.any([signal, AbortSignal.timeout(ASK_TIMEOUT_MS)]),
    });
    const text = await response.text();
    return response.ok ? readJson(State, text)?.status : undefined;
  } catch {
    return undefined; // a moment without an answer says nothing about the job
  }
}

function readJson<Value>(schema: z.ZodType<Value>, text: string): Value | undefined {
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}
