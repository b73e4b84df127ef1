import { clamp, type Decided, hold, resize } from "../decision.ts";
import type { Observation } from "../observation.ts";
import type { Policy } from "../policy.ts";
import { changeSize, noticeChange, type State, settledSince } from "../policy-state.ts";
import { decideAdaptive } from "./adaptive.ts";
import { relaxBackOff } from "./back-off.ts";
import { decideCpu } from "./cpu.ts";
import { learnRequests, recordMinutes } from "./minutes.ts";
import { decideQueue } from "./queue.ts";
import { decideRequests } from "./requests.ts";
import { clock, duration } from "./words.ts";

/**
 * The one entry to every rule: production, the simulator and the `decide` command call it. Pure: the same arguments give the same decision
 * and the same next state.
 */
export function decide(policy: Policy, seen: Observation, before: State, now: Date): Decided {
  const at = now.getTime();
  const state = takeIn(seen, before, at);

  // The limits are a promise to users and to the bill: they hold also while paused, holding or protected.
  const within = clamp(seen.desired, seen);
  if (within !== seen.desired) {
    const why = within > seen.desired ? `: below the minimum of ${seen.min}.` : `: above the maximum of ${seen.max}.`;
    return { decision: resize(seen, within, why, {}), state: changeSize(state, seen.desired, within, at) };
  }
  if (seen.paused !== null) {
    const reason = `Paused by ${seen.paused.by} since ${clock(seen.paused.at, seen.timeZone)}. Lost workers are still replaced.`;
    return { decision: hold(seen, reason, { outcome: "paused" }), state: withoutLowChecks(state) };
  }
  if (seen.manualUntil !== null && at < seen.manualUntil) {
    const left = duration(seen.manualUntil - at);
    const reason = `Holding ${seen.desired} as set by hand: the policy takes over in ${left}.`;
    const secondsLeft = Math.ceil((seen.manualUntil - at) / 1000);
    return { decision: hold(seen, reason, { outcome: "manual", secondsLeft }), state: withoutLowChecks(state) };
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
    case "adaptive":
      return decideAdaptive(policy, seen, state, at);
    case "fixed":
      return {
        decision: hold(seen, `No rule: the pool keeps ${seen.desired}. A lost worker is replaced.`, {
          outcome: "no change",
        }),
        state,
      };
  }
}

/** What every rule needs to remember, also while the policy is paused. */
function takeIn(seen: Observation, before: State, now: number): State {
  const noticed = recordMinutes(noticeChange(before, seen, now), seen, now);
  return learnRequests(noticed, seen, settledSince(noticed, seen));
}

function withoutLowChecks(state: State): State {
  return { ...state, low: { checks: 0, dataUntil: null } };
}
