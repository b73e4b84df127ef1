import { AdaptivePolicy, CpuPolicy } from "../policy.ts";
import { constantLoad, type Load } from "./loads.ts";
import type { PoolSettings } from "./pool-settings.ts";
import { policyRule } from "./rules.ts";
import { simulate } from "./simulated-pool.ts";

/** What a rule does with metrics that come late or not at all, worst over the phases of its check. */
export interface LateRow {
  readonly rule: string;
  readonly delaySeconds: number;
  readonly lostShare: number;
  /**
   * From a step to full workers to the first grow, at the luckiest phase and at the worst; null when none came within
   * 15 minutes.
   */
  readonly soonestSeconds: number | null;
  readonly grownAfterSeconds: number | null;
  /** At a constant load that one or two workers carry, from 8 workers on. */
  readonly lateActions: number;
  readonly workers: number;
}

const DELAYS = [0, 60, 80, 121, 150, 180, 240, 300] as const;
const LOST_SHARES = [0, 0.05, 0.2] as const;
const STEP_PHASES = Array.from({ length: 12 }, (_, index) => 5 * index);
/** Twelve hours each. */
const CONSTANT_PHASES = [0, 25, 50] as const;
const STEP_MINUTE = 60;
const WAIT_MINUTES = 15;
const SETTLE_MINUTES = 720;
const WATCHED_MINUTES = 360;
const CONSTANT_LOAD = 0.6;

const step: Load = {
  name: "step",
  minutes: STEP_MINUTE + WAIT_MINUTES,
  at: (second) => (second < STEP_MINUTE * 60 ? 0.4 : 1.9),
};

export function measureLate(
  settings: PoolSettings,
  { delays = DELAYS, lostShares = LOST_SHARES }: LateOptions = {},
): readonly LateRow[] {
  const rules = [CpuPolicy.parse({ kind: "cpu" }), AdaptivePolicy.parse({ kind: "adaptive" })];
  return rules.flatMap((policy) =>
    delays.flatMap((metricDelaySeconds) =>
      lostShares.map((lostShare): LateRow => {
        const rule = policyRule(policy.kind, policy);
        const late = { ...settings, metricDelaySeconds, lostShare };
        const grown = STEP_PHASES.map((phaseSeconds) => {
          const { actions } = simulate(rule, step, { ...late, phaseSeconds, start: 1 });
          const first = actions.find(({ second, to, from }) => second >= STEP_MINUTE * 60 && to > from);
          return first === undefined ? Number.POSITIVE_INFINITY : first.second - STEP_MINUTE * 60;
        });
        const constants = CONSTANT_PHASES.map((phaseSeconds) => {
          const constant = constantLoad(CONSTANT_LOAD, SETTLE_MINUTES + WATCHED_MINUTES);
          const { actions, samples } = simulate(rule, constant, { ...late, phaseSeconds, start: settings.max });
          return {
            lateActions: actions.filter(({ second }) => second > SETTLE_MINUTES * 60).length,
            workers: samples.at(-1)?.inService ?? 0,
          };
        });
        return {
          rule: policy.kind,
          delaySeconds: metricDelaySeconds,
          lostShare,
          soonestSeconds: finiteOrNull(Math.min(...grown)),
          grownAfterSeconds: finiteOrNull(Math.max(...grown)),
          lateActions: Math.max(...constants.map((each) => each.lateActions)),
          workers: Math.max(...constants.map((each) => each.workers)),
        };
      }),
    ),
  );
}

function finiteOrNull(seconds: number): number | null {
  return Number.isFinite(seconds) ? seconds : null;
}

interface LateOptions {
  readonly delays?: readonly number[];
  readonly lostShares?: readonly number[];
}
