import { setTimeout as sleep } from "node:timers/promises";

const POLL_MS = 20;

/**
 * Polls until `probe` gives something other than undefined, null or false, and returns it. Throws after the deadline,
 * with what was waited for and the last failure.
 */
export async function waitUntil<Value>(
  what: string,
  probe: () => Promise<Value | undefined | null | false> | Value | undefined | null | false,
  { deadlineMs = 20_000, pollMs = POLL_MS }: { readonly deadlineMs?: number; readonly pollMs?: number } = {},
): Promise<Value> {
  const end = Date.now() + deadlineMs;
  let cause: unknown;
  while (Date.now() < end) {
    try {
      const value = await probe();
      if (value !== undefined && value !== null && value !== false) return value;
      cause = undefined;
    } catch (error) {
      cause = error;
    }
    await sleep(pollMs);
  }
  throw new Error(`Waited ${deadlineMs} ms in vain: ${what}`, { cause });
}
