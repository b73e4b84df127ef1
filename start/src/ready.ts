import type { ChildProcess } from "node:child_process";
import { pause } from "@elastic-gas/shared/shutdown";

const POLL_MS = 150;

/** Waits until the address answers 200; throws when the process ended, the deadline passed or the signal aborted. */
export async function waitForHttp(
  url: string,
  {
    child,
    signal,
    deadlineMs,
  }: { readonly child?: ChildProcess; readonly signal: AbortSignal; readonly deadlineMs: number },
): Promise<void> {
  const end = Date.now() + deadlineMs;
  let last = "no answer";
  while (Date.now() < end && !signal.aborted) {
    if (child !== undefined && (child.exitCode !== null || child.signalCode !== null))
      throw new Error(`The process behind ${url} ended`);
    try {
      const response = await fetch(url, { signal: AbortSignal.timeout(2_000), redirect: "manual" });
      await response.arrayBuffer();
      if (response.ok) return;
      last = `status ${response.status}`;
    } catch (error) {
      last = error instanceof Error ? error.message : String(error);
    }
    await pause(POLL_MS, signal);
  }
  throw new Error(`${url} did not answer within ${deadlineMs / 1_000} s: ${last}`);
}
