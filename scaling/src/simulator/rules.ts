import {
  AdaptivePolicy,
  CpuPolicy,
  Policy,
  QueuePolicy,
  QueueThresholdsPolicy,
  RECOMMENDED_CPU_POLICY,
  RequestsPolicy,
} from "../policy.ts";
import { initialState } from "../policy-state.ts";
import { explain } from "../reasons/explain.ts";
import { decide } from "../rules/decide.ts";
import {
  KNATIVE_TICK_SECONDS,
  KUBERNETES_SYNC_SECONDS,
  knativeAutoscaler,
  kubernetesAutoscaler,
  plainThresholds,
  simpleScaling,
  targetTracking,
  thresholdsWithCooldown,
} from "./baselines.ts";
import type { Rule } from "./rule.ts";
import { REQUESTS_PER_LOAD } from "./simulated-pool.ts";
import { answerSignals, type Signals } from "./synthetic-signals.ts";

/** The production code: the same `decide` that the autoscaler calls. */
export function policyRule(name: string, policy: Policy): Rule {
  return {
    name,
    start: () => {
      let state = initialState();
      return (seen, now) => {
        const decided = decide(policy, seen, state, new Date(now));
        state = decided.state;
        const { desired, reason } = decided.decision;
        return { desired, describe: () => explain(reason, { timeZone: "UTC" }) };
      };
    },
  };
}

/** The rule with more to see than CPU and request counts. */
export function withSignals(rule: Rule, startSignals: () => Signals): Rule {
  return {
    ...rule,
    start: () => {
      const signals = startSignals();
      const decider = rule.start();
      return (seen, now) => decider(signals(seen, now), now);
    },
  };
}

/** The policies that can be tuned with `--set`; those on requests and a queue need their signals (`withSignals`). */
const TUNABLE: ReadonlySet<string> = new Set(["cpu", "adaptive", "requests", "queue", "queue-thresholds"]);

/** Points of workers that publish every 10 s. */
const FAST = { checkSeconds: 10, metrics: { metricPeriodSeconds: 10, metricDelaySeconds: 10 } } as const;
/** The request rule knows no worker's limit: its figures are those of a pool whose workers take 600 a minute. */
const COMPARED_REQUESTS = { growAboveRequestsPerMinute: 2_000, shrinkBelowResponseMs: 12 } as const;

/** What `compare` compares, by the name that `--policy` takes. */
export const COMPARED_RULES: readonly Rule[] = [
  { name: "thresholds", start: plainThresholds },
  { name: "thresholds-cooldown", start: thresholdsWithCooldown },
  { name: "aws-simple", start: simpleScaling },
  { name: "aws-target-60", start: targetTracking },
  {
    name: "aws-target-60-late",
    metrics: { metricDelaySeconds: 180 },
    start: targetTracking,
  },
  { name: "hpa-60", checkSeconds: KUBERNETES_SYNC_SECONDS, start: kubernetesAutoscaler },
  {
    name: "hpa-60-own-metrics",
    checkSeconds: KUBERNETES_SYNC_SECONDS,
    metrics: { metricPeriodSeconds: 15, metricDelaySeconds: 15 },
    start: kubernetesAutoscaler,
  },
  {
    name: "kpa",
    checkSeconds: KNATIVE_TICK_SECONDS,
    metrics: { metricPeriodSeconds: KNATIVE_TICK_SECONDS, metricDelaySeconds: 0 },
    start: knativeAutoscaler,
  },
  policyRule("cpu-no-back-off", CpuPolicy.parse({ kind: "cpu", flapBackOff: false })),
  policyRule("cpu", CpuPolicy.parse({ kind: "cpu" })),
  policyRule("cpu-to-need", CpuPolicy.parse({ kind: "cpu", growOnlyToNeed: true })),
  policyRule("cpu-recommended", RECOMMENDED_CPU_POLICY),
  withSignals(policyRule("requests-2000", RequestsPolicy.parse({ kind: "requests", ...COMPARED_REQUESTS })), () =>
    answerSignals({ requestsPerWorker: REQUESTS_PER_LOAD, idleResponseMs: 5 }),
  ),
  policyRule("adaptive", AdaptivePolicy.parse({ kind: "adaptive" })),
  { ...policyRule("adaptive-10s", AdaptivePolicy.parse({ kind: "adaptive" })), ...FAST },
];

/** Finds a rule; `settings` (`name=value`) change the parameters of a production policy. Throws on unknown names. */
export function ruleNamed(name: string, settings: readonly string[]): Rule {
  if (settings.length > 0) {
    if (!TUNABLE.has(name)) throw new Error(`Policy "${name}" has no settings; ${[...TUNABLE].join(", ")} have.`);
    return policyRule(name, Policy.parse({ kind: name, ...Object.fromEntries(settings.map(settingOf)) }));
  }
  const rules = [
    ...COMPARED_RULES,
    policyRule("requests", RequestsPolicy.parse({ kind: "requests" })),
    policyRule("queue", QueuePolicy.parse({ kind: "queue" })),
    policyRule("queue-thresholds", QueueThresholdsPolicy.parse({ kind: "queue-thresholds" })),
    policyRule("fixed", { kind: "fixed" }),
  ];
  const rule = rules.find((known) => known.name === name);
  if (rule === undefined)
    throw new Error(`No policy "${name}". There are: ${rules.map((known) => known.name).join(", ")}.`);
  return rule;
}

function settingOf(text: string): readonly [string, number | boolean] {
  const [name = "", value = ""] = text.split("=", 2);
  if (value === "true" || value === "false") return [name, value === "true"];
  const number = Number(value);
  if (value === "" || Number.isNaN(number))
    throw new Error(`--set ${text}: must be name=number, name=true or name=false.`);
  return [name, number];
}
