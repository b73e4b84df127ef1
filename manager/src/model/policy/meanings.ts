import type { PolicyKind } from "@elastic-gas/scaling/policy";

/** What a number does, in a few sentences: more than fits below its field. */
export interface Meaning {
  readonly label: string;
  readonly text: string;
}

const SETTLE_MARGIN: Meaning = {
  label: "Settle margin",
  text: "A shrink is made only if the highest load of the last 5 minutes would keep the smaller pool this far below the grow threshold: 10 % below 70 % is 63 %. So no grow can follow a shrink at the same load, whatever thresholds and ratios are chosen. A deeper cut looks back longer (12 minutes when halving) and there needs half the margin. More margin shrinks later and grows less often.",
};

const LIMITS: readonly Meaning[] = [
  {
    label: "Minimum and maximum",
    text: "Held at all times, also while the rule holds, is paused or was overruled by hand. A change of them acts at once. Being at one limit never blocks the other direction.",
  },
];

const COOLDOWN: Meaning = {
  label: "Cooldown",
  text: "After any change nothing shrinks for this long. It never delays a grow. 0 leaves the other guards to themselves.",
};

const BY_KIND: Readonly<Record<PolicyKind, readonly Meaning[]>> = {
  cpu: [
    {
      label: "Grow above",
      text: "Compared with the mean CPU of all workers in service over the last two complete minutes, none older than 4 minutes. Lower reacts earlier and costs more. While new workers start, only a load that is too much for them too grows the pool further.",
    },
    {
      label: "Shrink below",
      text: "The mean must be below it at 2 checks in a row with new data. At least 5 points below the grow threshold; the further apart the two are, the rarer the changes.",
    },
    {
      label: "Grow ratio",
      text: "The pool is multiplied by it and rounded up: 5 × 1.4 = 7. At least one worker is added, never beyond the maximum.",
    },
    {
      label: "Shrink ratio",
      text: "The share that stays, rounded up: 0.5 keeps 3 of 5. It is the smallest size that one shrink may reach; the settle margin may stop it earlier.",
    },
    SETTLE_MARGIN,
    COOLDOWN,
    {
      label: "Flap back-off",
      text: "For loads that come and go. Each grow within 30 minutes of a shrink doubles the checks that a shrink needs (2, 4, 8, 16, at most 30) and the minutes whose peak a smaller pool must carry (5, 10, 20, at most 30). After 2 quiet hours both are halved.",
    },
  ],
  adaptive: [
    {
      label: "Service level",
      text: "The CPU up to which a worker serves well. The rule keeps the forecast load below it.",
    },
    {
      label: "Risk",
      text: "The rule learns how much the load rises while a worker boots and keeps that much room for all but this share of the minutes. 17 % suits most loads; 10 % costs about 6 % more and overloads about a quarter less.",
    },
  ],
  requests: [
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
      text: "Takes one worker when answers are faster than this at 2 checks in a row, and the requests of the last 5 minutes stay below the grow figure.",
    },
  ],
  queue: [
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
      text: "Takes one worker when fewer jobs were sent within the window, nothing waits and a worker is idle. Only idle workers go: no job is cut off.",
    },
    {
      label: "Window",
      text: "The time over which sent jobs are counted: 600 s for the three numbers as they are known.",
    },
    COOLDOWN,
  ],
  fixed: [],
};

/** Every number of the form, in its order. */
export function meaningsOf(kind: PolicyKind): readonly Meaning[] {
  return [...BY_KIND[kind], ...LIMITS];
}
