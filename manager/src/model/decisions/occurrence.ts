import type { PoolName } from "@elastic-gas/shared/resources";
import type { ActivityRow } from "./records.ts";

/** G grow, S shrink, M manual, R replaced, P policy, I the installation started. */
export type Mark = "G" | "S" | "M" | "R" | "P" | "I";

export const MARK_WORDS: Readonly<Record<Mark, string>> = {
  G: "Grow",
  S: "Shrink",
  M: "Manual",
  R: "Replaced",
  P: "Policy",
  I: "Start-up",
};

/** A change worth a flag in the charts and a row in the lists. */
export interface Occurrence {
  /** Also the anchor on the decisions page: `a12` an activity, `d12` a decision, `p-web-14` a policy version. */
  readonly id: string;
  readonly pool: PoolName;
  readonly at: number;
  readonly mark: Mark;
  readonly sentence: string;
  /** What became of it: "2 warming", "in service after 53 s"; empty when nothing is known. */
  readonly outcome: string;
  readonly tone: "info" | "ok" | "warn" | "bad" | "drain" | "neutral";
}

/** The mark of an activity by its cause. */
function markOf(activity: Pick<ActivityRow, "cause" | "desiredBefore" | "desiredAfter">): Mark {
  if (activity.cause === "replacement" || activity.cause === "launch") return "R";
  if (activity.cause === "start") return "I";
  if (activity.cause !== "policy") return "M";
  return activity.desiredAfter >= activity.desiredBefore ? "G" : "S";
}

export function describeActivity(activity: ActivityRow): Occurrence {
  return {
    id: `a${activity.id}`,
    pool: activity.pool,
    at: activity.at,
    mark: markOf(activity),
    sentence: activity.reason,
    outcome: activity.result ?? (activity.status === "in progress" ? "in progress" : activity.status),
    tone: activity.status === "failed" ? "bad" : activity.status === "in progress" ? "info" : "neutral",
  };
}
