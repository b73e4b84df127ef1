import type { Observation } from "../observation.ts";
import type { PoolSettings } from "./pool-settings.ts";

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
  /** What it measures by, where that is not the pool's own: a metrics server of its own, or points more often. */
  readonly metrics?: Partial<Pick<PoolSettings, "metricPeriodSeconds" | "metricDelaySeconds">>;
  readonly start: () => Decider;
}
