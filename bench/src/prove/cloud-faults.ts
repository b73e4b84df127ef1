import { setTimeout } from "node:timers/promises";
import type { RunningSystem } from "@elastic-gas/testing/system/system";
import { z } from "zod";

const Rule = z.object({ id: z.string().optional() });
const ANSWER_LIMIT_MS = 10_000;
const RESTART_LIMIT_MS = 60_000;
const TRY_AGAIN_MS = 500;

/**
 * Asks local-cloud for a fault, again while it does not answer because it or its supervisor has just been killed.
 * The id of one that lasts; empty for one that is done at once.
 */
export async function setFault({ cloudUrl }: Pick<RunningSystem, "cloudUrl">, fault: object): Promise<string> {
  const answer = await retryUnanswered(() =>
    fetch(`${cloudUrl}/_faults`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(fault),
      signal: AbortSignal.timeout(ANSWER_LIMIT_MS),
    }),
  );
  const text = await answer.text();
  if (!answer.ok) throw new Error(`/_faults answered ${answer.status}: ${text}`);
  return Rule.parse(JSON.parse(text || "{}")).id ?? "";
}

/** Ends all of them. */
export async function endCloudFaults({ cloudUrl }: Pick<RunningSystem, "cloudUrl">): Promise<void> {
  await fetch(`${cloudUrl}/_faults`, { method: "DELETE", signal: AbortSignal.timeout(ANSWER_LIMIT_MS) });
}

async function retryUnanswered(ask: () => Promise<Response>): Promise<Response> {
  const deadline = Date.now() + RESTART_LIMIT_MS;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (Date.now() > deadline) throw new Error("local-cloud did not answer", { cause: error });
      await setTimeout(TRY_AGAIN_MS);
    }
  }
}
