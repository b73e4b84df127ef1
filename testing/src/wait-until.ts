import { setTimeout as sleep } from "node:timers/promises";

/** Polls cost CPU that others wait for: the longer the wait so far, the longer the pause until the next one. */
const POLL_MS = { least: 20, most: 200, partOfWait: 1 / 20 };
/**
 * Long enough for a machine a third as fast as ours with all its cores busy: a test that passes never waits this long.
 */
const DEADLINE_MS = 90_000;

/**
 * Polls until `probe` gives something other than undefined, null or false, and returns it. Throws after the deadline,
 * with what was waited for and the last failure.
 */
export async function waitUntil<Value>(
  what: string,
  probe: () => Promise<Value | undefined | null | false> | Value | undefined | null | false,
  { deadlineMs = DEADLINE_MS, pollMs }: { readonly deadlineMs?: number; readonly pollMs?: number } = {},
): Promise<Value> {
  const begin = Date.now();
  const end = begin + deadlineMs;
  let cause: unknown;
  while (Date.now() < end) {
    try {
      const value = await probe();
      if (value !== undefined && value !== null && value !== false) return value;
      cause = undefined;
    } catch (error) {
      cause = error;
    }
    await sleep(pollMs ?? pauseAfter(Date.now() - begin));
  }
  throw new Error(`Waited ${deadlineMs} ms in vain: ${what}`, { cause });
}

function pauseAfter(waitedMs: number): number {
  return Math.min(POLL_MS.most, Math.max(POLL_MS.least, waitedMs * POLL_MS.partOfWait));
}
