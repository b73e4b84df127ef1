import type { AdaptivePolicy } from "@elastic-gas/shared/pools/policy";
import { type Decided, hold } from "./decision.ts";
import type { Observation } from "./observation.ts";
import type { State } from "./state.ts";

/** Keeps the pool as it is until the rule has learned from its own memory, `state.adaptive`. */
export function decideAdaptive(_policy: AdaptivePolicy, seen: Observation, state: State, _now: number): Decided {
  return { decision: hold(seen, "Holding: the adaptive rule has no data yet.", { outcome: "no data" }), state };
}
