import type { Observation } from "../policy/observation.ts";

export interface Verdict {
  readonly desired: number;
  readonly reason: string;
}

/** Decides once per check and remembers what it needs; a run starts its own. */
export type Decider = (seen: Observation, now: number) => Verdict;

export interface Rule {
  readonly name: string;
  readonly start: () => Decider;
}
