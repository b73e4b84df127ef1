import { formatNumber, formatPercent } from "@elastic-gas/shared/format/numbers";
import type { Observation } from "./observation.ts";
import type { Policy } from "./policy.ts";
import type { State } from "./policy-state.ts";
import { quantity, span } from "./reasons/words.ts";
import { REGRET_MINUTES } from "./rules/adaptive.ts";
import { LEARNED_PERIODS } from "./rules/adaptive-forecast.ts";
import { confirmationAt, flapMinutes, QUIET_HOURS } from "./rules/back-off.ts";
import { LEARN_FROM_PERCENT, LEARN_TO_PERCENT, learnedRatio } from "./rules/minutes.ts";
import { CONFIRM_CHECKS as THRESHOLDS_CHECKS } from "./rules/queue-thresholds.ts";
import { CONFIRM_CHECKS as REQUESTS_CHECKS } from "./rules/requests.ts";

/** One thing that the rule in force keeps in the policy state. Instants are epoch milliseconds. */
export type PolicyStateItem =
  | { readonly kind: "last-change"; readonly from: number; readonly to: number; readonly at: number }
  | { readonly kind: "requests-per-worker"; readonly perMinute: number | null }
  | { readonly kind: "low-checks"; readonly have: number; readonly need: number }
  | {
      readonly kind: "back-off";
      readonly level: number;
      readonly checks: number;
      readonly flapMinutes: number;
      readonly at: number | null;
    }
  | { readonly kind: "service-time"; readonly seconds: number | null; readonly finished: number }
  | { readonly kind: "learned-load"; readonly seconds: number }
  | { readonly kind: "boot-time"; readonly seconds: number | null }
  | { readonly kind: "margin"; readonly percent: number; readonly regretLoad: number | null }
  | { readonly kind: "last-shrink"; readonly at: number; readonly load: number };

type Pace = Partial<Pick<Observation, "tickSeconds" | "timeScale">>;

/** What the rule of this policy looks at in its state; nothing for a fixed size. */
export function describePolicyState(state: State, policy: Policy, pace: Pace = {}): readonly PolicyStateItem[] {
  if (policy.kind === "fixed") return [];
  const { change } = state;
  const items: PolicyStateItem[] = change === null ? [] : [{ kind: "last-change", ...change }];
  const { tickSeconds = 60, timeScale = 1 } = pace;
  switch (policy.kind) {
    case "cpu": {
      // With the back-off off its level is not used, whatever was stored before.
      const level = policy.flapBackOff ? (state.backOff?.level ?? 0) : 0;
      const confirmation = confirmationAt(level, { tickSeconds, timeScale });
      const { checks } = confirmation;
      const ratio = learnedRatio(state);
      items.push(
        { kind: "requests-per-worker", perMinute: ratio === null ? null : ratio / timeScale },
        { kind: "low-checks", have: Math.min(state.low.checks, checks), need: checks },
      );
      if (policy.flapBackOff) {
        const at = level === 0 ? null : (state.backOff?.at ?? null);
        items.push({ kind: "back-off", level, checks, flapMinutes: flapMinutes(confirmation), at });
      }
      return items;
    }
    case "requests":
      return [...items, { kind: "low-checks", have: state.low.checks, need: REQUESTS_CHECKS }];
    case "queue-thresholds":
      return [...items, { kind: "low-checks", have: state.low.checks, need: THRESHOLDS_CHECKS }];
    case "queue": {
      const { seconds = null, finished = 0 } = state.service ?? {};
      return [...items, { kind: "service-time", seconds, finished }];
    }
    case "adaptive": {
      const { adaptive } = state;
      if (adaptive === undefined) return [...items, { kind: "learned-load", seconds: 0 }];
      const { points, periodSeconds, bootSeconds, margin, regretLoad, shrunk } = adaptive;
      return [
        ...items,
        { kind: "learned-load", seconds: points.length * periodSeconds },
        { kind: "boot-time", seconds: bootSeconds },
        { kind: "margin", percent: margin * 100, regretLoad },
        ...(shrunk === null ? [] : [{ kind: "last-shrink", at: shrunk.at, load: shrunk.level } as const]),
      ];
    }
  }
}

/** An item as the pages show it; `at` puts an instant behind the value. */
export interface PolicyStateWords {
  readonly name: string;
  readonly value: string;
  readonly help: string;
  readonly at?: number;
}

export function explainPolicyState(item: PolicyStateItem): PolicyStateWords {
  switch (item.kind) {
    case "last-change":
      return {
        name: "Last change",
        value: `${item.from} → ${item.to}`,
        help: "Earlier measurements are ignored.",
        at: item.at,
      };
    case "requests-per-worker":
      return {
        name: "Requests per CPU",
        value:
          item.perMinute === null
            ? "not learned yet"
            : `${formatNumber(Math.round(item.perMinute))} a minute saturate one worker`,
        help: `Learned between ${formatPercent(LEARN_FROM_PERCENT)} and ${formatPercent(LEARN_TO_PERCENT)} CPU; tells the load when the workers are full.`,
      };
    case "low-checks":
      return { name: "Low checks", value: `${item.have} in a row`, help: `A shrink needs ${item.need}.` };
    case "back-off":
      return {
        name: "Back-off",
        value: item.level === 0 ? "none" : `level ${item.level}: ${quantity(item.checks, "check")}`,
        help:
          item.level === 0
            ? `No grow followed a shrink within ${span(item.flapMinutes * 60)} lately.`
            : `A grow followed a shrink within ${span(item.flapMinutes * 60)}; halved after ${QUIET_HOURS} quiet hours.`,
        ...(item.at === null ? {} : { at: item.at }),
      };
    case "service-time":
      return {
        name: "Service time",
        value: item.seconds === null ? "not learned yet" : `${span(item.seconds)} a job`,
        help: `Mean of the latest ${quantity(item.finished, "finished job")}; tells how many workers the arrivals need.`,
      };
    case "learned-load":
      return {
        name: "Learned from",
        value: item.seconds === 0 ? "nothing yet" : `${span(item.seconds)} of load`,
        help: `How much the load rises within a boot time; the last ${span(LEARNED_PERIODS * 60)} count.`,
      };
    case "boot-time":
      return {
        name: "Boot time",
        value: item.seconds === null ? "not measured yet" : span(item.seconds),
        help: "From launch to in service, as measured on the latest workers.",
      };
    case "margin":
      return {
        name: "Margin",
        value: formatPercent(item.percent),
        help:
          item.regretLoad === null
            ? "What a smaller pool must leave free; doubles when a shrink is regretted."
            : `Doubled after a regretted shrink at load ${formatNumber(item.regretLoad)}, until the load is another.`,
      };
    case "last-shrink":
      return {
        name: "Last shrink",
        value: `at load ${formatNumber(item.load)}`,
        help: `A grow within ${span(REGRET_MINUTES * 60)}, or at this load, would be a regret.`,
        at: item.at,
      };
  }
}
