import { CpuPolicy } from "../policy.ts";
import { constantLoad } from "./loads.ts";
import type { PoolSettings } from "./pool-settings.ts";
import { policyRule } from "./rules.ts";
import { simulate } from "./simulated-pool.ts";

/** What the CPU rule does at constant loads because of the metrics' noise alone. */
export interface NoiseRow {
  readonly growThresholdPercent: number;
  readonly shrinkThresholdPercent: number;
  readonly growRatio: number;
  /** Most actions a day at one of the loads, once the pool had time to settle, and that load in workers' worth. */
  readonly worst: number;
  readonly at: number;
  /** Over all the loads. */
  readonly mean: number;
}

export const NOISE_GROW_THRESHOLDS = [50, 60, 70, 80, 85, 88, 90, 92, 95] as const;
/** The narrowest gap that a policy may have is the hardest. */
const GAP_PERCENT = 5;
const GROW_RATIOS = [2, 1.2] as const;
/** Around the load at which a smaller pool is just allowed, and up to that at which it must grow. */
const SIZES = [1, 2, 6] as const;
const SHARES = [0.87, 0.9, 0.93, 0.96] as const;
const SETTLE_MINUTES = 240;

/** Runs every threshold at loads near the edges; `minutes` after the settling are counted. */
export function measureNoise(
  settings: PoolSettings,
  { minutes, growThresholds = NOISE_GROW_THRESHOLDS }: NoiseOptions,
): readonly NoiseRow[] {
  return growThresholds.flatMap((growThresholdPercent) =>
    GROW_RATIOS.map((growRatio): NoiseRow => {
      const shrinkThresholdPercent = growThresholdPercent - GAP_PERCENT;
      const policy = CpuPolicy.parse({ kind: "cpu", growThresholdPercent, shrinkThresholdPercent, growRatio });
      const rule = policyRule("cpu", policy);
      const counted = SIZES.flatMap((size) =>
        SHARES.map((share, index) => {
          const at = (size * share * growThresholdPercent) / 100;
          const load = constantLoad(at, SETTLE_MINUTES + minutes);
          const { actions } = simulate(rule, load, { ...settings, seed: settings.seed + size * 10 + index });
          const late = actions.filter((action) => action.second > SETTLE_MINUTES * 60).length;
          return { at, perDay: (late * 1_440) / minutes };
        }),
      );
      const worst = counted.reduce((most, run) => (run.perDay > most.perDay ? run : most), { at: 0, perDay: 0 });
      const mean = counted.reduce((sum, run) => sum + run.perDay, 0) / counted.length;
      return { growThresholdPercent, shrinkThresholdPercent, growRatio, worst: worst.perDay, at: worst.at, mean };
    }),
  );
}

interface NoiseOptions {
  readonly minutes: number;
  readonly growThresholds?: readonly number[];
}
