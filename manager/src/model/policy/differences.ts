import type { Policy, PoolLimits } from "@elastic-gas/scaling/policy";
import { formatNumber, NO_BREAK_SPACE } from "@elastic-gas/shared/format/numbers";

/** One number or switch of a policy as the form and the lists name it. */
export interface FieldWords {
  readonly name: string;
  readonly label: string;
  readonly unit: string;
  readonly help: string;
}

export const LIMIT_FIELDS: readonly FieldWords[] = [
  { name: "min", label: "Minimum", unit: "workers", help: "Always kept." },
  { name: "max", label: "Maximum", unit: "workers", help: "Upper limit regardless of load." },
];

/** The rule's own numbers, by kind of policy. */
export const RULE_FIELDS: Readonly<Record<Policy["kind"], readonly FieldWords[]>> = {
  cpu: [
    {
      name: "growThresholdPercent",
      label: "Grow above",
      unit: "%",
      help: "Mean CPU of all in-service workers over 2 minutes.",
    },
    {
      name: "shrinkThresholdPercent",
      label: "Shrink below",
      unit: "%",
      help: "On 2 checks in a row, and only if the forecast allows.",
    },
    { name: "growRatio", label: "Grow ratio", unit: "×", help: "2.0 doubles; at least one worker is added." },
    {
      name: "shrinkRatio",
      label: "Shrink ratio",
      unit: "kept",
      help: "The share that is kept: 0.5 keeps half, rounded up.",
    },
  ],
  adaptive: [
    {
      name: "serviceLevelPercent",
      label: "Service level",
      unit: "% CPU",
      help: "The load that one worker may carry.",
    },
    {
      name: "riskPercent",
      label: "Risk",
      unit: "%",
      help: "Lower keeps more room: it costs more and overloads less.",
    },
  ],
  requests: [
    {
      name: "growAboveRequestsPerMinute",
      label: "Grow above",
      unit: "per min",
      help: "Successful responses in one minute; adds one worker.",
    },
    { name: "growHoldSeconds", label: "Hold after growing", unit: "s", help: "No further grow within this time." },
    {
      name: "shrinkBelowResponseMs",
      label: "Shrink below",
      unit: "ms",
      help: "Mean response time for a minute, if the others can carry the rest.",
    },
  ],
  queue: [
    {
      name: "targetUtilizationPercent",
      label: "Target utilization",
      unit: "%",
      help: "The share of the time that workers are busy with what arrives.",
    },
    {
      name: "acceptableWaitSeconds",
      label: "Acceptable wait",
      unit: "s",
      help: "Within this time every waiting job should begin.",
    },
    {
      name: "longestLookbackSeconds",
      label: "Longest look back",
      unit: "s",
      help: "Arrivals are counted over the length of a job, 300\u00a0s at least and this at most.",
    },
  ],
  "queue-thresholds": [
    { name: "growAboveSent", label: "Grow above", unit: "sent", help: "Jobs sent within the window, while some wait." },
    {
      name: "growAboveBacklogPerWorker",
      label: "Or above",
      unit: "waiting",
      help: "Waiting jobs for each worker.",
    },
    {
      name: "shrinkBelowSent",
      label: "Shrink below",
      unit: "sent",
      help: "Within the window, when nothing waits and a worker is idle.",
    },
    { name: "windowSeconds", label: "Window", unit: "s", help: "The time over which sent jobs are counted." },
  ],
  fixed: [],
};

export const GUARD_FIELDS: Readonly<Record<Policy["kind"], readonly FieldWords[]>> = {
  cpu: [
    { name: "cooldownSeconds", label: "Cooldown", unit: "s", help: "After a change nothing shrinks for this long." },
    {
      name: "hysteresisMarginPercent",
      label: "Hysteresis margin",
      unit: "%",
      help: "How far below the grow threshold a shrink must stay.",
    },
  ],
  queue: [],
  "queue-thresholds": [
    { name: "cooldownSeconds", label: "Cooldown", unit: "s", help: "After a change nothing shrinks for this long." },
  ],
  adaptive: [],
  requests: [],
  fixed: [],
};

const FLAP_BACK_OFF = {
  name: "flapBackOff",
  label: "Flap back-off",
  help: "A grow within 30\u00a0min of a shrink doubles the checks that a shrink needs; halved after 2 quiet hours.",
} as const;

const GROW_ONLY_TO_NEED = {
  name: "growOnlyToNeed",
  label: "Grow only to what is needed",
  help: "A grow stops at the size that the load needs, where it is known and less than the ratio gives.",
} as const;

/** The switches of the rule on CPU. */
export const SWITCHES = [FLAP_BACK_OFF, GROW_ONLY_TO_NEED] as const;

export const RULE_WORDS: Readonly<Record<Policy["kind"], string>> = {
  cpu: "CPU",
  adaptive: "Adaptive",
  requests: "Requests",
  queue: "Queue",
  "queue-thresholds": "Queue thresholds",
  fixed: "Fixed size",
};

export interface Stored {
  readonly policy: Policy;
  readonly limits: PoolLimits;
}

/** "grow ratio 1.5 → 1.4, maximum 6 → 8"; "nothing changed" when both are the same. */
export function describeDifference(before: Stored | undefined, after: Stored): string {
  if (before === undefined) return "first values";
  const changes: string[] = [];
  if (before.policy.kind !== after.policy.kind) {
    changes.push(`rule ${RULE_WORDS[before.policy.kind]} → ${RULE_WORDS[after.policy.kind]}`);
  }
  const old: Readonly<Record<string, unknown>> = { ...before.policy, ...before.limits };
  const now: Readonly<Record<string, unknown>> = { ...after.policy, ...after.limits };
  const fields = [...RULE_FIELDS[after.policy.kind], ...GUARD_FIELDS[after.policy.kind], ...LIMIT_FIELDS];
  for (const { name, label, unit } of fields) {
    if (old[name] === now[name] || old[name] === undefined) continue;
    const suffix = unit === "%" || unit === "s" || unit === "ms" ? `${NO_BREAK_SPACE}${unit}` : "";
    changes.push(`${label.toLowerCase()} ${value(old[name])} → ${value(now[name])}${suffix}`);
  }
  for (const { name, label } of SWITCHES) {
    const [was, is] = [old[name], now[name]];
    if (typeof was !== "boolean" || typeof is !== "boolean" || was === is) continue;
    changes.push(`${label.toLowerCase()} ${is ? "on" : "off"}`);
  }
  return changes.length === 0 ? "nothing changed" : changes.join(", ");
}

function value(number: unknown): string {
  return typeof number === "number"
    ? Number.isInteger(number)
      ? formatNumber(number)
      : String(number)
    : String(number);
}
