import { isStaying } from "@elastic-gas/scaling/reconcile-plan";
import type { Worker } from "@elastic-gas/scaling/worker-state";
import { formatDuration } from "@elastic-gas/shared/format/durations";
import { formatCountOf } from "@elastic-gas/shared/format/numbers";
import type { WorkerRecord } from "@elastic-gas/shared/pools/worker-record";
import { type Activity, sharesOf } from "./owner.ts";

/** A launch that was made for an activity. */
export interface OwnLaunch {
  readonly activityId: number | null;
  readonly state: "wanted" | "launched" | "failed";
  readonly instanceId: string | null;
}

export interface PoolAtRest {
  readonly workers: readonly Worker[];
  readonly records: ReadonlyMap<string, WorkerRecord>;
  /** The launches of the open activities. */
  readonly launches: readonly OwnLaunch[];
  /** Nothing is missing, nothing is being launched. */
  readonly complete: boolean;
  readonly desired: number;
}

export interface Closing {
  readonly id: number;
  readonly status: "successful" | "failed";
  readonly result: string;
}

const LONGEST_MS = 3_600_000;

/** Pure: the activities that are over, and what came of their own launches and victims. */
export function closedActivities(open: readonly Activity[], seen: PoolAtRest, now: number): readonly Closing[] {
  return open.flatMap((activity): readonly Closing[] => {
    const fates = fatesOf(activity, seen);
    if (!isUnderway(activity, fates, seen)) return [conclude(activity, fates, now)];
    const isOld = now - activity.at > LONGEST_MS;
    return isOld ? [{ id: activity.id, status: "failed", result: "not finished within an hour" }] : [];
  });
}

/** What became of what an activity launched and ended. */
interface Fates {
  readonly booting: number;
  /** When each that reached service did. */
  readonly servedAt: readonly number[];
  /** Ended by a later change before they came into service. */
  readonly takenBack: number;
  readonly failed: number;
  readonly draining: number;
  readonly drained: number;
  /** Victims that had not come into service. */
  readonly endedEarly: number;
}

function fatesOf({ id }: Activity, { launches, records, workers }: PoolAtRest): Fates {
  const present = new Set(workers.map((worker) => worker.id));
  const own = launches.filter(({ activityId }) => activityId === id);
  const launched = own.map(({ state, instanceId }) => {
    const record = instanceId === null ? undefined : records.get(instanceId);
    if (record?.inServiceAt != null) return record.inServiceAt;
    if (state === "failed" || record?.victimReason === "lost") return "failed";
    return record?.draining === true ? "taken back" : "booting";
  });
  const victims = [...records.values()].filter(({ endedBy }) => endedBy === id);
  const gone = victims.filter(({ instanceId, victimReason }) => !present.has(instanceId) && victimReason !== "lost");
  const count = (fate: string): number => launched.filter((each) => each === fate).length;
  return {
    booting: count("booting"),
    servedAt: launched.filter((each) => typeof each === "number"),
    takenBack: count("taken back"),
    failed: count("failed"),
    draining: victims.filter(({ instanceId }) => present.has(instanceId)).length,
    drained: gone.filter(({ inServiceAt }) => inServiceAt !== null).length,
    endedEarly: gone.filter(({ inServiceAt }) => inServiceAt === null).length,
  };
}

function isUnderway(activity: Activity, fates: Fates, seen: PoolAtRest): boolean {
  if (fates.booting > 0 || fates.draining > 0) return true;
  if (activity.cause === "stop") return seen.workers.length > 0 || !seen.complete;
  const shares = sharesOf(activity);
  const launched = fates.servedAt.length + fates.takenBack;
  if (launched < shares.launches && !seen.complete) return true;
  // A shrink that protected or busy workers still block is not over.
  const ended = fates.drained + fates.endedEarly;
  const staying = seen.workers.filter(isStaying).length;
  return ended < shares.ends && activity.desiredAfter === seen.desired && staying > seen.desired;
}

function conclude(activity: Activity, fates: Fates, now: number): Closing {
  const { servedAt, takenBack, failed, drained, endedEarly } = fates;
  const { launches } = sharesOf(activity);
  const span = (milliseconds: number): string => formatDuration(Math.round(Math.max(0, milliseconds) / 1_000));
  const few = servedAt.length < launches && launches > 1 ? `${servedAt.length} of ${launches} ` : "";
  const parts = [
    servedAt.length > 0 ? `${few}in service after ${span(Math.max(...servedAt) - activity.at)}` : "",
    takenBack > 0 ? `${takenBack} ended by a later change before it came into service` : "",
    failed > 0 && servedAt.length < launches ? `${formatCountOf(failed, "launch", "launches")} failed` : "",
    drained > 0 ? `drained in ${span(now - activity.at)}` : "",
    endedEarly > 0 && activity.cause !== "launch" ? `${endedEarly} ended before it came into service` : "",
  ].filter((part) => part !== "");
  const isFailed = launches > 0 && failed > 0 && servedAt.length + takenBack === 0 && activity.cause !== "launch";
  return {
    id: activity.id,
    status: isFailed ? "failed" : "successful",
    result: parts.length > 0 ? parts.join(", ") : "done",
  };
}
