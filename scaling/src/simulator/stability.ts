import { hysteresisShare } from "../hysteresis-margin.ts";
import { ceil, clamp } from "../numbers.ts";
import { worstOvershoot } from "../overshoot.ts";
import { AdaptivePolicy, CpuPolicy, QUIET_HYSTERESIS_MARGIN_PERCENT } from "../policy.ts";
import { constantLoad } from "./loads.ts";
import { POOL_DEFAULTS, type PoolSettings } from "./pool-settings.ts";
import { randomFrom } from "./random.ts";
import { policyRule } from "./rules.ts";
import { countReversals, simulate } from "./simulated-pool.ts";

/** One random policy at one constant load, with metrics that come late or not at all. */
export interface StabilityCase {
  readonly policy: CpuPolicy | AdaptivePolicy;
  readonly load: number;
  readonly settings: PoolSettings;
}

/** "above": the policy's own thresholds and margin allow fewer workers, and the pool does not get there. */
export type Settling = "settled" | "cycles" | "below" | "above";

const MINUTES = 480;
const WATCHED_MINUTES = 180;
const MAX = 12;
/** Noise may hide a load that is as near to a size's limit. */
const NEAR = 0.04;

/**
 * The case of one seed. Grow thresholds up to 85 % and margins from 9 %: outside of them the policy's page warns of
 * noise.
 */
export function stabilityCase(seed: number): StabilityCase {
  const random = randomFrom(seed * 7_919 + 1);
  // The first numbers of neighbouring seeds are alike.
  for (let skipped = 0; skipped < 8; skipped += 1) random();
  const between = (low: number, high: number): number => low + (high - low) * random();
  const whole = (low: number, high: number): number => Math.floor(between(low, high + 1));
  const growThresholdPercent = whole(40, 85);
  const cpu = {
    kind: "cpu",
    growThresholdPercent,
    shrinkThresholdPercent: whole(5, growThresholdPercent - 10),
    growRatio: whole(10, 40) / 10,
    growOnlyToNeed: random() < 0.5,
    shrinkRatio: whole(3, 10) / 10,
    hysteresisMarginPercent: whole(QUIET_HYSTERESIS_MARGIN_PERCENT, 25),
    cooldownSeconds: whole(0, 600),
    flapBackOff: random() < 0.5,
  };
  const adaptive = { kind: "adaptive", serviceLevelPercent: whole(60, 95), riskPercent: whole(3, 30) };
  return {
    policy: random() < 0.5 ? CpuPolicy.parse(cpu) : AdaptivePolicy.parse(adaptive),
    load: between(0.1, 7),
    settings: {
      ...POOL_DEFAULTS,
      max: MAX,
      start: whole(1, MAX),
      bootSeconds: 5 * whole(6, 36),
      metricDelaySeconds: whole(0, 180),
      lostShare: between(0, 0.2),
      phaseSeconds: 5 * whole(0, 11),
      seed,
    },
  };
}

/** What becomes of the pool within 8 hours. */
export function settlingOf({ policy, load, settings }: StabilityCase): Settling {
  const { actions, samples } = simulate(policyRule(policy.kind, policy), constantLoad(load, MINUTES), settings);
  const late = actions.filter(({ second }) => second > (MINUTES - WATCHED_MINUTES) * 60);
  if (countReversals(late) >= 2) return "cycles";
  const size = samples.at(-1)?.inService ?? 0;
  const limit = policy.kind === "cpu" ? policy.growThresholdPercent / 100 : policy.serviceLevelPercent / 100;
  if (size < clamp(ceil((load * (1 - NEAR)) / limit), settings)) return "below";
  return size > mostExplained({ policy, load, settings }) ? "above" : "settled";
}

/** The largest size at which the policy's numbers let the pool stay. */
function mostExplained({ policy, load, settings }: StabilityCase): number {
  const high = load * (1 + NEAR);
  if (policy.kind === "adaptive") {
    // Room for noise and for the margins of a shrink, up to that of a pool that has not changed for an hour.
    return clamp(ceil(high / ((policy.serviceLevelPercent / 100) * 0.7)) + 1, settings);
  }
  const { growThresholdPercent: grow, shrinkThresholdPercent: shrink, hysteresisMarginPercent: margin } = policy;
  const fits = ceil(high / ((hysteresisShare(margin) * grow) / 100));
  // Above the shrink threshold the rule has no reason to shrink.
  const stays = shrink === 0 ? MAX : Math.floor(high / (shrink / 100));
  return clamp(Math.max(fits, stays), settings);
}

export interface StabilityCount {
  readonly cases: number;
  readonly cycles: number;
  readonly below: number;
  readonly above: number;
  readonly seedsOfFaults: readonly number[];
}

/** Runs the cases of the seeds `first` to `first + cases - 1`. */
export function countSettling(
  { cases, first = 1 }: { readonly cases: number; readonly first?: number },
  progress: (done: number) => void = () => {},
): StabilityCount {
  const counts: Record<Settling, number> = { settled: 0, cycles: 0, below: 0, above: 0 };
  const seedsOfFaults: number[] = [];
  for (let index = 0; index < cases; index += 1) {
    const settling = settlingOf(stabilityCase(first + index));
    counts[settling] += 1;
    if (settling !== "settled") seedsOfFaults.push(first + index);
    progress(index + 1);
  }
  const { cycles, below, above } = counts;
  return { cases, cycles, below, above, seedsOfFaults };
}

export interface OvershootRow {
  readonly policy: CpuPolicy;
  readonly load: number;
  readonly settlesAt: number;
  readonly wouldDo: number;
}

/**
 * The thresholds, ratios and what they lead to of a few usual policies: where a grow by the ratio settles, as
 * simulated.
 */
export function overshootRows(settings: PoolSettings = POOL_DEFAULTS): readonly OvershootRow[] {
  return OVERSHOOT_POLICIES.flatMap((fields) => {
    const policy = CpuPolicy.parse({ kind: "cpu", ...fields });
    const worst = worstOvershoot({ ...policy, growOnlyToNeed: false }, settings);
    if (worst === null) return [];
    // A little above what so many workers carry at the threshold, then the load that stays.
    const steps = (second: number): number => (second < 3_600 ? worst.load * 1.03 : worst.load);
    const load = { name: "overshoot", minutes: 240, at: steps };
    const { samples } = simulate(policyRule("cpu", policy), load, { ...settings, start: worst.wouldDo, noise: 0 });
    return [{ policy, load: worst.load, settlesAt: samples.at(-1)?.inService ?? 0, wouldDo: worst.wouldDo }];
  });
}

const OVERSHOOT_POLICIES = [
  {},
  { growOnlyToNeed: true },
  { growThresholdPercent: 60, shrinkThresholdPercent: 40, growRatio: 1.5, shrinkRatio: 0.75 },
  { growThresholdPercent: 50, shrinkThresholdPercent: 40, growRatio: 1.25, shrinkRatio: 0.8 },
  { growThresholdPercent: 80, shrinkThresholdPercent: 20, growRatio: 3, shrinkRatio: 0.3 },
] as const;
