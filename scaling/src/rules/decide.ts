import { type Decided, hold, resize } from "../decision.ts";
import { clamp } from "../numbers.ts";
import type { Observation } from "../observation.ts";
import type { Policy } from "../policy.ts";
import { changeSize, noticeChange, type State, settledSince, withoutLowChecks } from "../policy-state.ts";
import { decideAdaptive } from "./adaptive.ts";
import { relaxBackOff } from "./back-off.ts";
import { decideCpu } from "./cpu.ts";
import { learnRequests, recordMinutes } from "./minutes.ts";
import { decideQueue } from "./queue.ts";
import { decideQueueThresholds } from "./queue-thresholds.ts";
import { decideRequests } from "./requests.ts";

/**
 * The one entry to every rule: production, the simulator and the `decide` command call it. Pure: the same arguments
 * give the same decision and the same next state.
 */
export function decide(policy: Policy, seen: Observation, before: State, now: Date): Decided {
  const at = now.getTime();
  const state = takeIn(seen, before, at);

  // The limits are a promise to users and to the bill: they hold also while paused, holding or protected.
  const within = clamp(seen.desired, seen);
  if (within !== seen.desired) {
    const { pool, desired: from, min, max } = seen;
    return {
      decision: resize({ kind: "outside-limits", pool, from, to: within, min, max }, {}),
      state: changeSize(state, from, within, at),
    };
  }
  if (seen.paused !== null) {
    return { decision: hold(seen, { kind: "paused", ...seen.paused }, {}), state: withoutLowChecks(state) };
  }
  if (seen.manualUntil !== null && at < seen.manualUntil) {
    const secondsLeft = Math.ceil((seen.manualUntil - at) / 1000);
    const reason = { kind: "set-by-hand", desired: seen.desired, secondsLeft } as const;
    return { decision: hold(seen, reason, {}), state: withoutLowChecks(state) };
  }

  switch (policy.kind) {
    case "cpu":
      return decideCpu(
        policy,
        seen,
        policy.flapBackOff ? relaxBackOff(state, seen, at) : { ...state, backOff: null },
        at,
      );
    case "requests":
      return decideRequests(policy, seen, state, at);
    case "queue":
      return decideQueue(policy, seen, state, at);
    case "queue-thresholds":
      return decideQueueThresholds(policy, seen, state, at);
    case "adaptive":
      return decideAdaptive(policy, seen, state, at);
    case "fixed":
      return { decision: hold(seen, { kind: "fixed", desired: seen.desired }, {}), state };
  }
}

/** What every rule needs to remember, also while the policy is paused. */
function takeIn(seen: Observation, before: State, now: number): State {
  const noticed = recordMinutes(noticeChange(before, seen, now), seen, now);
  return learnRequests(noticed, seen, settledSince(noticed, seen));
}
