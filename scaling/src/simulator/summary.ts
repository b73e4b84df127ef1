import { type Elasticity, elasticSpeedUp, measureElasticity, sumElasticity, withoutScaling } from "./elasticity.ts";
import type { Load } from "./loads.ts";
import type { PoolSettings } from "./pool-settings.ts";
import type { Rule } from "./rule.ts";
import { countReversals, type Run, SAMPLE_SECONDS, simulate } from "./simulated-pool.ts";

/** The figures of one rule under one load, or under several. */
export interface Summary extends Elasticity {
  readonly load: string;
  readonly rule: string;
  readonly actions: number;
  readonly reversals: number;
  /** Against a pool that never changes; null where a share is 0. */
  readonly speedUp: number | null;
}

export function summarize(run: Run): Summary {
  return totalOf(run.load.name, [run]);
}

/** The figures of one rule over several loads: shares are means, counts and minutes are sums. */
export function totalOf(name: string, runs: readonly Run[]): Summary {
  const scaled = sumElasticity(runs.map((run) => measureElasticity(run.samples, SAMPLE_SECONDS)));
  const fixed = sumElasticity(runs.map((run) => withoutScaling(run.samples, SAMPLE_SECONDS)));
  return {
    load: name,
    rule: runs[0]?.rule ?? "",
    ...scaled,
    actions: runs.reduce((sum, run) => sum + run.actions.length, 0),
    reversals: runs.reduce((sum, run) => sum + countReversals(run.actions), 0),
    speedUp: elasticSpeedUp(fixed, scaled),
  };
}

export interface LoadGroup {
  readonly name: string;
  readonly loads: readonly Load[];
}

export interface Comparison {
  readonly runs: readonly Run[];
  /** By load and rule, then every rule over each group. */
  readonly rows: readonly Summary[];
}

/** Runs every rule under every load. */
export function compareRules(rules: readonly Rule[], groups: readonly LoadGroup[], settings: PoolSettings): Comparison {
  const ran = groups.map((group) => ({
    name: group.name,
    runs: group.loads.flatMap((load) => rules.map((rule) => simulate(rule, load, settings))),
  }));
  const runs = ran.flatMap((group) => group.runs);
  const totals = ran
    .filter((group) => group.runs.length > 0)
    .flatMap((group) =>
      rules.map((rule) =>
        totalOf(
          group.name,
          group.runs.filter((run) => run.rule === rule.name),
        ),
      ),
    );
  return { runs, rows: [...runs.map(summarize), ...totals] };
}
