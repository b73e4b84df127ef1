import { z } from "zod";

const percent = (min: number, max: number) => z.number().min(min).max(max);

/** The assignment's rule on mean CPU, made to converge (docs/scaling.md). Percentages are 0-100. */
export const CpuPolicy = z
  .object({
    kind: z.literal("cpu"),
    growThresholdPercent: percent(1, 95).default(70),
    shrinkThresholdPercent: percent(0, 94).default(30),
    /** Size is multiplied by this; 2.0 doubles, 1 adds one worker at a time. */
    growRatio: z.number().min(1).max(10).default(2),
    /** Grows to what the load needs where that is less than the ratio gives. */
    growOnlyToNeed: z.boolean().default(false),
    /** The share of the workers that stays; 0.5 keeps half, rounded up, 1 takes one worker at a time. */
    shrinkRatio: z.number().gt(0).max(1).default(0.5),
    /** How far below the grow threshold a smaller pool must stay, as a share of it. */
    hysteresisMarginPercent: percent(1, 50).default(10),
    cooldownSeconds: z.number().int().min(0).max(7_200).default(120),
    flapBackOff: z.boolean().default(true),
  })
  .refine((policy) => policy.growThresholdPercent - policy.shrinkThresholdPercent >= 5, {
    path: ["shrinkThresholdPercent"],
    message: "Must be at least 5 points below the grow threshold.",
  });
export type CpuPolicy = z.infer<typeof CpuPolicy>;

/**
 * The numbers for whoever is free to choose; the defaults are the course's. On 14 recorded days they cost 8 % less and
 * overload no more (docs/results/scaling-comparison.md).
 */
export const RECOMMENDED_CPU_POLICY: CpuPolicy = CpuPolicy.parse({
  kind: "cpu",
  growThresholdPercent: 65,
  shrinkThresholdPercent: 40,
  growRatio: 4,
  growOnlyToNeed: true,
});

/**
 * Up to this grow threshold metrics that err by up to 5 % cause at most one action a day at a constant load. Above it
 * errors without a bound reach the full worker; `simulate noise` of the autoscaler prints the figures, with
 * `--noise-shape normal` those of such errors.
 */
const QUIET_GROW_THRESHOLD_PERCENT = 85;

/** Why a policy may act on measuring noise alone, as a sentence for whoever sets it; null when it will not. */
export function noiseWarning(policy: Policy): string | null {
  if (policy.kind !== "cpu" || policy.growThresholdPercent <= QUIET_GROW_THRESHOLD_PERCENT) return null;
  return `Above ${QUIET_GROW_THRESHOLD_PERCENT}\u00a0% the metrics' own noise of 5\u00a0% may change the size more than once a day, even at a constant load.`;
}

/**
 * From this hysteresis margin on, metrics that err by a normal 5 % cause no action at a constant load that the margin
 * alone decides about; below it several a day (`simulate noise` prints the figures of other settings).
 */
export const QUIET_HYSTERESIS_MARGIN_PERCENT = 9;

/**
 * Why a policy may act on measuring noise because of its margin, as a sentence for whoever sets it; null when it will
 * not.
 */
export function marginWarning(policy: Policy): string | null {
  if (policy.kind !== "cpu" || policy.hysteresisMarginPercent >= QUIET_HYSTERESIS_MARGIN_PERCENT) return null;
  return `Below ${QUIET_HYSTERESIS_MARGIN_PERCENT}\u00a0% the metrics' own noise of 5\u00a0% may shrink and grow the pool several times a day, even at a constant load.`;
}

/** Learns how much the load rises within a boot time and keeps that much room (docs/scaling.md). */
export const AdaptivePolicy = z.object({
  kind: z.literal("adaptive"),
  serviceLevelPercent: percent(10, 99).default(95),
  /** The share of minutes in which the load may rise by more than the kept room. */
  riskPercent: percent(1, 50).default(6.5),
});
export type AdaptivePolicy = z.infer<typeof AdaptivePolicy>;

/** +1 on many successful requests a minute, -1 on fast answers that the rest can carry. */
export const RequestsPolicy = z.object({
  kind: z.literal("requests"),
  growAboveRequestsPerMinute: z.number().min(1).max(10_000_000).default(200),
  growHoldSeconds: z.number().int().min(0).max(7_200).default(300),
  shrinkBelowResponseMs: z.number().min(0.1).max(60_000).default(10),
});
export type RequestsPolicy = z.infer<typeof RequestsPolicy>;

/**
 * What serves the arrivals at `targetUtilizationPercent` and begins what waits within `acceptableWaitSeconds`, by the
 * service time that finished jobs teach (docs/scaling.md).
 */
export const QueuePolicy = z.object({
  kind: z.literal("queue"),
  targetUtilizationPercent: percent(10, 100).default(80),
  acceptableWaitSeconds: z.number().int().min(1).max(86_400).default(60),
  /** Arrivals are the mean of five minutes, or of a service time where that is longer, up to this. */
  longestLookbackSeconds: z.number().int().min(300).max(3_600).default(900),
});
export type QueuePolicy = z.infer<typeof QueuePolicy>;

/**
 * The assignment's thresholds: +1 when messages wait and arrivals or backlog are high, -1 when little arrives, nothing
 * waits and a worker is idle.
 */
export const QueueThresholdsPolicy = z
  .object({
    kind: z.literal("queue-thresholds"),
    windowSeconds: z.number().int().min(60).max(3_600).default(600),
    growAboveSent: z.number().min(1).max(1_000_000).default(50),
    growAboveBacklogPerWorker: z.number().min(1).max(1_000_000).default(10),
    shrinkBelowSent: z.number().min(0).max(1_000_000).default(5),
    cooldownSeconds: z.number().int().min(0).max(7_200).default(120),
  })
  .refine((policy) => policy.shrinkBelowSent < policy.growAboveSent, {
    path: ["shrinkBelowSent"],
    message: "Must be below the number that grows the pool.",
  });
export type QueueThresholdsPolicy = z.infer<typeof QueueThresholdsPolicy>;

/** No scaling: the pool keeps its desired capacity; lost workers are replaced. */
const FixedPolicy = z.object({ kind: z.literal("fixed") });

/** Names of fields in policies that were stored, or are sent, by earlier versions. */
const FORMER_NAMES: Readonly<Record<string, string>> = { settleMarginPercent: "hysteresisMarginPercent" };
const THRESHOLDS = ["windowSeconds", "growAboveSent", "growAboveBacklogPerWorker", "shrinkBelowSent"];

/** A policy of an earlier version with the present names; there the kind "queue" was the rule by thresholds. */
export function renameFormer(policy: unknown): unknown {
  if (typeof policy !== "object" || policy === null || Array.isArray(policy)) return policy;
  const renamed: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(policy)) renamed[FORMER_NAMES[name] ?? name] = value;
  const byThresholds = renamed.kind === "queue" && THRESHOLDS.some((name) => name in renamed);
  return byThresholds ? { ...renamed, kind: "queue-thresholds" } : renamed;
}

export const Policy = z.preprocess(
  renameFormer,
  z.discriminatedUnion("kind", [
    CpuPolicy,
    AdaptivePolicy,
    RequestsPolicy,
    QueuePolicy,
    QueueThresholdsPolicy,
    FixedPolicy,
  ]),
);
export type Policy = z.infer<typeof Policy>;
export type PolicyKind = Policy["kind"];

export const PoolLimits = z
  .object({ min: z.number().int().min(0).max(10_000), max: z.number().int().min(1).max(10_000) })
  .refine((limits) => limits.min <= limits.max, { path: ["min"], message: "Must not be above the maximum." });
export type PoolLimits = z.infer<typeof PoolLimits>;
