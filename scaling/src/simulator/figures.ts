import { zeroOverloadBound } from "./bound.ts";
import type { Load } from "./loads.ts";
import type { PoolSettings } from "./pool-settings.ts";
import type { Rule } from "./rule.ts";
import { type Run, simulate } from "./simulated-pool.ts";
import { type Summary, totalOf } from "./summary.ts";

/** The rule that all others are measured by: HPA on CloudWatch's points. */
export const BASELINE = "hpa-60";
const ALL_DAYS = "all";

/** A rule's overload minutes and worker minutes over the days of one source, as shares of the baseline's. */
export interface Figure {
  readonly rule: string;
  readonly source: string;
  readonly overload: number;
  readonly cost: number;
  readonly actions: number;
}

/** Runs every rule and the bound over the days; by source (a day's name up to its last part) and over all. */
export function figuresOf(
  rules: readonly Rule[],
  days: readonly Load[],
  settings: PoolSettings,
  progress: (done: number, of: number) => void = () => {},
): readonly Figure[] {
  const runs = days.flatMap((day, index) => {
    const ofDay = [...rules.map((rule) => simulate(rule, day, settings)), zeroOverloadBound(day, settings)];
    progress(index + 1, days.length);
    return ofDay;
  });
  const names = [...rules.map(({ name }) => name), "bound"];
  const sources = [...new Set(days.map(sourceOf))].sort();
  return [ALL_DAYS, ...sources].flatMap((source) => {
    const summaries = names.map((rule) => summaryOf(runs, rule, source));
    const baseline = summaries.find(({ rule }) => rule === BASELINE);
    if (baseline === undefined) throw new Error(`The figures need the rule ${BASELINE}.`);
    return summaries.map(({ rule, overloadMinutes, workerMinutes, actions }) => ({
      rule,
      source,
      overload: overloadMinutes / Math.max(1, baseline.overloadMinutes),
      cost: workerMinutes / baseline.workerMinutes,
      actions,
    }));
  });
}

function summaryOf(runs: readonly Run[], rule: string, source: string): Summary {
  const own = runs.filter((run) => run.rule === rule && (source === ALL_DAYS || sourceOf(run.load) === source));
  return totalOf(source, own);
}

/** `day-wc98-1998-07-13` and `cron-3` are days of `wc98` and `cron`. */
function sourceOf({ name }: Load): string {
  return name.replace(/^day-/, "").split("-")[0] ?? name;
}
