import { formatPercent } from "@elastic-gas/shared/format/numbers";
import { hysteresisShare } from "./hysteresis-margin.ts";
import { CpuPolicy, type PolicyKind } from "./policy.ts";
import { span } from "./reasons/words.ts";
import { confirmationAt, FLAP_MINUTES, lookbackMinutes, MAX_LEVEL, QUIET_HOURS } from "./rules/back-off.ts";
import { WINDOW_MINUTES } from "./rules/minutes.ts";
import { ARRIVAL_MINUTES, ASSUMED_SERVICE_SECONDS, HOLD_MINUTES } from "./rules/queue.ts";
import { CONFIRM_CHECKS as THRESHOLDS_CHECKS } from "./rules/queue-thresholds.ts";
import { PEAK_MINUTES, CONFIRM_CHECKS as REQUESTS_CHECKS } from "./rules/requests.ts";

/** What a number of a policy does, in a few sentences: more than fits below its field. */
export interface Meaning {
  readonly label: string;
  readonly text: string;
}

/** Every number of a policy of this kind, in the form's order, with the constants of its rule. */
export function policyMeanings(kind: PolicyKind): readonly Meaning[] {
  return [...OF_KIND[kind](), LIMITS];
}

const LIMITS: Meaning = {
  label: "Minimum and maximum",
  text: "Held at all times, also while the rule holds, is paused or was overruled manually. A changed limit applies at once. Being at one limit never blocks the other direction.",
};

const COOLDOWN: Meaning = {
  label: "Cooldown",
  text: "After any change nothing shrinks for this long. It never delays a grow. 0 leaves the other guards to themselves.",
};

const OF_KIND: Readonly<Record<PolicyKind, () => readonly Meaning[]>> = {
  cpu: cpuMeanings,
  adaptive: () => [
    {
      label: "Service level",
      text: "The CPU up to which a worker serves well. The rule keeps the forecast load below it.",
    },
    {
      label: "Risk",
      text: "The rule learns how much the load rises while a worker boots and keeps that much room for all but this share of the minutes. Lower costs more and overloads less.",
    },
  ],
  requests: () => [
    {
      label: "Grow above",
      text: "Successful (2xx) responses of the whole pool in one minute. More than that adds one worker. The rule knows no worker's limit: a constant load above it grows to the maximum.",
    },
    {
      label: "Hold after growing",
      text: "Neither grows nor shrinks for this long after a grow, so that the new worker can show what it changes.",
    },
    {
      label: "Shrink below",
      text: `Takes one worker when answers are faster than this at ${REQUESTS_CHECKS} checks in a row, and the requests of the last ${span(PEAK_MINUTES * 60)} stay below the grow figure.`,
    },
  ],
  queue: () => [
    {
      label: "Target utilization",
      text: `The share of the time that workers are busy with the jobs that arrive: the pool gets arrivals × mean service time ÷ this share. Arrivals are the mean of the last ${span(ARRIVAL_MINUTES * 60)}, the service time is learned from finished jobs (${span(ASSUMED_SERVICE_SECONDS)} until one has finished).`,
    },
    {
      label: "Acceptable wait",
      text: `The time within which every waiting job should begin. The pool grows at once to what that takes: a job longer than this needs a worker of its own. It shrinks to the most that was needed within the last ${span(HOLD_MINUTES * 60)}, sooner where jobs are longer than this. Only idle workers go: no job is cut off.`,
    },
    {
      label: "Longest look back",
      text: `Arrivals are the mean of the last ${span(ARRIVAL_MINUTES * 60)}, or of the length of a job where that is longer: rare long jobs need a longer look. This bounds it, so that a change of the arrivals is seen in time.`,
    },
  ],
  "queue-thresholds": () => [
    {
      label: "Grow above (sent)",
      text: "Jobs sent within the window. Adds one worker while jobs wait; arrivals that the workers keep up with add none.",
    },
    {
      label: "Or above (waiting)",
      text: "Waiting jobs for each worker. Adds one worker also when few jobs arrive, until the backlog is worked off.",
    },
    {
      label: "Shrink below (sent)",
      text: `Takes one worker when fewer jobs were sent within the window, nothing waits and a worker is idle at ${THRESHOLDS_CHECKS} checks in a row. Only idle workers go: no job is cut off.`,
    },
    {
      label: "Window",
      text: "The time over which sent jobs are counted: 600\u00a0s for the three numbers as they are known.",
    },
    COOLDOWN,
  ],
  fixed: () => [],
};

function cpuMeanings(): readonly Meaning[] {
  const { growThresholdPercent: grow, hysteresisMarginPercent: margin, shrinkRatio } = CpuPolicy.parse({ kind: "cpu" });
  const levels = Array.from({ length: MAX_LEVEL + 1 }, (_, level) => confirmationAt(level));
  const first = levels[0] ?? confirmationAt(0);
  const deepest = lookbackMinutes(first, 2, 2 * shrinkRatio);
  return [
    {
      label: "Grow above",
      text: `Compared with the mean CPU of all workers in service over the last ${WINDOW_MINUTES} complete minutes. Lower reacts earlier and costs more. While new workers start, only a load that is too much for them too grows the pool further.`,
    },
    {
      label: "Shrink below",
      text: `The mean must be below it at ${first.checks} checks in a row with new data. At least 5 points below the grow threshold; the further apart the two are, the rarer the changes.`,
    },
    {
      label: "Grow ratio",
      text: "The pool is multiplied by it and rounded up: 5 × 1.4 = 7. At least one worker is added, never beyond the maximum; 1 adds one at a time.",
    },
    {
      label: "Grow only to what is needed",
      text: `Where the load is known, a grow stops at the size that would run below the grow threshold, if that is less than the ratio gives. Without it a pool that doubles may settle at twice the workers that would do.`,
    },
    {
      label: "Shrink ratio",
      text: "The share that is kept, rounded up: 0.5 keeps 3 of 5. It is the smallest size that one shrink may reach; the hysteresis margin may stop it earlier. 1 takes one at a time.",
    },
    {
      label: "Hysteresis margin",
      text: `A shrink is made only if the highest load of the last ${span(first.peakMinutes * 60)} would keep the smaller pool this far below the grow threshold: ${formatPercent(margin)} below ${formatPercent(grow)} is ${formatPercent(hysteresisShare(margin) * grow)}. So no grow can follow a shrink at the same load, whatever thresholds and ratios are chosen. A deeper cut looks back longer (${span(deepest * 60)} when halving) and there needs half the margin. More margin shrinks later and grows less often.`,
    },
    COOLDOWN,
    {
      label: "Flap back-off",
      text: `For loads that come and go. Each grow within ${span(FLAP_MINUTES * 60)} of a shrink doubles the checks that a shrink needs (${doublings(levels.map(({ checks }) => checks))}) and the minutes whose peak a smaller pool must carry (${doublings(levels.map(({ peakMinutes }) => peakMinutes))}). After ${QUIET_HOURS} quiet hours both are halved.`,
    },
  ];
}

/** `2, 4, 8, 16, at most 30`, without what repeats at the end. */
function doublings(values: readonly number[]): string {
  const distinct = [...new Set(values)];
  return [...distinct.slice(0, -1), `at most ${distinct.at(-1)}`].join(", ");
}
