import type { Observation } from "../observation.ts";

export interface Verdict {
  readonly desired: number;
  /** The sentence, written only when it is read. */
  readonly describe: () => string;
}

/** Decides at each check and remembers what it needs; a run starts its own. */
export type Decider = (seen: Observation, now: number) => Verdict;

export interface Rule {
  readonly name: string;
  /** From one check to the next, a divisor of 60 and a multiple of 5; 60 without. */
  readonly checkSeconds?: number;
  readonly start: () => Decider;
}
