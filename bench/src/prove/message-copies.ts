import type { QueueKey } from "@elastic-gas/shared/resources";
import { pause } from "@elastic-gas/shared/shutdown";
import type { ProofSystem } from "./proof-system.ts";
import { outsideQueues, type QueuedMessage } from "./queue-copies.ts";

const LOOK_EVERY_MS = 500;
const LOOK_BACK_MS = 60_000;
export const COPIED_QUEUES = ["jobRequests", "jobResults", "archive"] as const satisfies readonly QueueKey[];
export type CopiedQueue = (typeof COPIED_QUEUES)[number];

export interface MessageCopier {
  /** First messages about jobs that were copied so far. */
  copied(): Readonly<Record<CopiedQueue, number>>;
  readonly ended: Promise<void>;
}

/**
 * Sends each job's first message of each queue so many times more, as soon as it was sent. The outbox keeps what was
 * sent, with its delay.
 */
export async function copyMessages(
  { db, system }: ProofSystem,
  {
    copies,
    signal,
    say,
  }: { readonly copies: number; readonly signal: AbortSignal; readonly say: (line: string) => void },
): Promise<MessageCopier> {
  const queues = await outsideQueues(system);
  const seen = new Map<CopiedQueue, Set<string>>(COPIED_QUEUES.map((queue) => [queue, new Set()]));
  let since = new Date(0);
  const look = async () => {
    const startedAt = Date.now();
    const rows = await db
      .selectFrom("outbox")
      .select(["queue", "body", "delaySeconds"])
      .where("sentAt", ">=", since)
      .where("queue", "in", COPIED_QUEUES)
      .orderBy("id")
      .execute();
    const fresh = firstOfEachJob(rows, seen);
    await queues.send(fresh.flatMap((row) => Array.from({ length: copies }, () => row)));
    since = new Date(startedAt - LOOK_BACK_MS);
  };
  const loop = async () => {
    while (!signal.aborted) {
      await look().catch((error: unknown) => say(`messages not copied: ${String(error)}`));
      await pause(LOOK_EVERY_MS, signal);
    }
    queues[Symbol.dispose]();
  };
  return {
    copied: () => ({
      jobRequests: seen.get("jobRequests")?.size ?? 0,
      jobResults: seen.get("jobResults")?.size ?? 0,
      archive: seen.get("archive")?.size ?? 0,
    }),
    ended: loop(),
  };
}

/**
 * Of what was sent, what is the first about its job in its queue; remembered in `seen`. A message that was asked for
 * again, because a worker was lost, is not: copies of copies would grow without end.
 */
export function firstOfEachJob<Row extends QueuedMessage>(
  rows: readonly Row[],
  seen: ReadonlyMap<string, Set<string>>,
): readonly Row[] {
  return rows.filter(({ queue, body }) => {
    const jobs = seen.get(queue);
    const jobId: unknown = JSON.parse(body).jobId;
    if (jobs === undefined || typeof jobId !== "string" || jobs.has(jobId)) return false;
    jobs.add(jobId);
    return true;
  });
}
