import { audit } from "@elastic-gas/shared/audit";
import { formatDuration } from "@elastic-gas/shared/format/durations";
import type { PoolName } from "@elastic-gas/shared/resources";
import type { FeatureDeps, Outcome } from "../feature-deps.ts";
import type { Requester } from "../requester.ts";
import { type PoolChange, requestPause, requestResume, requestSize } from "./change-pool.ts";

export interface ResizeRequest extends Requester {
  readonly why?: string;
  /** The number of workers asked for, in place of a step. */
  readonly to?: number | undefined;
}

/** Asks for `by` workers more, or less when negative, and notes who did. */
export async function resizePool(
  { db, config, watcher, now }: FeatureDeps,
  pool: PoolName,
  by: number,
  { actor, key, address, why, to }: ResizeRequest,
): Promise<Outcome> {
  const holdSeconds = config.MANUAL_HOLD_SECONDS;
  const change = await requestSize(db, pool, by, { actor, now: new Date(now()), key, holdSeconds, why, to });
  if (change.kind === "done") {
    const detail = `${change.before} → ${change.after}`;
    await audit(db, { actor, action: by > 0 ? "pool.grow" : "pool.shrink", target: pool, detail, address });
  }
  await watcher.fleet({ fresh: true });
  return describeResize(pool, by, change, holdSeconds);
}

export async function pausePool(
  { db, watcher, now }: FeatureDeps,
  pool: PoolName,
  verb: "pause" | "resume",
  { actor, address }: Requester,
): Promise<Outcome> {
  const at = new Date(now());
  const changed =
    verb === "pause" ? await requestPause(db, pool, { actor, now: at }) : await requestResume(db, pool, at);
  if (changed) await audit(db, { actor, action: `pool.${verb}`, target: pool, address });
  await watcher.fleet({ fresh: true });
  const sentence =
    verb === "pause"
      ? `The policy of ${pool} is paused. Lost workers are still replaced.`
      : `The policy of ${pool} decides again, from the next check on.`;
  return { done: true, sentence };
}

function describeResize(pool: PoolName, by: number, change: PoolChange, holdSeconds: number): Outcome {
  const verb = by > 0 ? "grow" : "shrink";
  switch (change.kind) {
    case "done":
      return {
        done: true,
        sentence: `${pool}: desired ${change.before} → ${change.after}. The policy leaves it alone for ${formatDuration(holdSeconds)}.`,
      };
    case "repeated":
      return { done: true, sentence: `${pool}: already asked for; desired is ${change.desired}.` };
    case "refused":
      return { done: false, sentence: `${pool} does not ${verb}: ${change.reason}.` };
  }
}
