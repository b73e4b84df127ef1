import type { ActivityCause } from "@elastic-gas/shared/database/tables";

/** Something that is being done to a pool. Instants are epoch milliseconds. */
export interface Activity {
  readonly id: number;
  readonly at: number;
  readonly cause: ActivityCause;
  readonly desiredBefore: number;
  readonly desiredAfter: number;
  readonly instanceIds: readonly string[];
}

/** How many launches and how many ends an activity is for. */
export interface Shares {
  readonly launches: number;
  readonly ends: number;
}

/** How many of them it has: launches that did not fail, and workers that it ended. By the activity's id. */
export interface Owned {
  readonly launches: ReadonlyMap<number, number>;
  readonly ends: ReadonlyMap<number, number>;
}

export function sharesOf({ cause, desiredBefore, desiredAfter, instanceIds }: Activity): Shares {
  const change = {
    launches: Math.max(0, desiredAfter - desiredBefore),
    ends: Math.max(0, desiredBefore - desiredAfter),
  };
  switch (cause) {
    case "start":
      // The run before it may have ended everything.
      return { launches: desiredAfter, ends: change.ends };
    case "stop":
      return { launches: 0, ends: Number.POSITIVE_INFINITY };
    case "update":
      // The worker that takes its place came before.
      return { launches: 0, ends: 1 };
    case "replacement":
    case "launch":
      return { launches: 1, ends: 1 };
    case "manual":
      // A named worker of a pool that keeps its size is to be replaced.
      return desiredAfter === desiredBefore && instanceIds.length > 0 ? { launches: 1, ends: 1 } : change;
    case "policy":
    case "limits":
      return change;
  }
}

/**
 * Whose the next launch is: the oldest activity that still needs one. A retried launch is last: whoever the first one
 * was made for still needs it.
 */
export function ownerOfLaunch(open: readonly Activity[], owned: Owned): Activity | undefined {
  const needs = open.filter((activity) => sharesOf(activity).launches > (owned.launches.get(activity.id) ?? 0));
  return needs.find(({ cause }) => cause !== "launch") ?? needs[0];
}

/** Whose victim a worker is: of whoever named it, else of the oldest activity that still has one to end. */
export function ownerOfEnd(open: readonly Activity[], owned: Owned, instanceId: string): Activity | undefined {
  const named = open.find(({ cause, instanceIds }) => cause === "manual" && instanceIds.includes(instanceId));
  return named ?? open.find((activity) => sharesOf(activity).ends > (owned.ends.get(activity.id) ?? 0));
}
