import type { RunningSystem } from "@elastic-gas/testing/system/system";
import { z } from "zod";

const Rule = z.object({ id: z.string().optional() });
const ANSWER_LIMIT_MS = 10_000;

/** Asks local-cloud for a fault. The id of one that lasts; empty for one that is done at once. */
export async function setFault({ cloudUrl }: Pick<RunningSystem, "cloudUrl">, fault: object): Promise<string> {
  const answer = await fetch(`${cloudUrl}/_faults`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(fault),
    signal: AbortSignal.timeout(ANSWER_LIMIT_MS),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`/_faults answered ${answer.status}: ${text}`);
  return Rule.parse(JSON.parse(text || "{}")).id ?? "";
}

/** Ends all of them. */
export async function endCloudFaults({ cloudUrl }: Pick<RunningSystem, "cloudUrl">): Promise<void> {
  await fetch(`${cloudUrl}/_faults`, { method: "DELETE", signal: AbortSignal.timeout(ANSWER_LIMIT_MS) });
}
