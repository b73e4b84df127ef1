import type { Load } from "./loads.ts";
import { normalFrom, randomFrom } from "./random.ts";

const DAY_MINUTES = 1_440;

/**
 * Made-up days for where no recorded ones are at hand: what the sources of real ones have, a daily swing, noise that
 * lasts, and by kind a burst at fixed minutes of the hour (cron), sudden crowds, or steps between plateaus.
 */
export const DAY_KINDS = ["swing", "cron", "crowd", "steps"] as const;
export type DayKind = (typeof DAY_KINDS)[number];

export function generatedDay(kind: DayKind, seed: number): Load {
  const random = randomFrom(seed);
  const normal = normalFrom(random);
  const crowds = Array.from({ length: 6 }, () => Math.floor(random() * DAY_MINUTES));
  const plateaus = Array.from({ length: 12 }, () => 0.8 + 4 * random());
  let drift = 0;
  const loads = Array.from({ length: DAY_MINUTES }, (_, minute) => {
    drift = 0.95 * drift + 0.05 * normal();
    const swing = 1 + 2.2 * (1 - Math.cos((2 * Math.PI * minute) / DAY_MINUTES)) * 0.5;
    const base = kind === "steps" ? (plateaus[Math.floor(minute / 120)] ?? 1) : swing;
    const burst = kind === "cron" && minute % 30 < 5 ? 2 : 0;
    const crowd = kind === "crowd" ? crowdAt(crowds, minute) : 0;
    return Math.max(0.05, (base + burst + crowd) * (1 + drift + 0.03 * normal()));
  });
  return { name: `${kind}-${seed}`, minutes: DAY_MINUTES, at: (second) => loads[Math.floor(second / 60)] ?? 0 };
}

/** Up within two minutes, gone after half an hour. */
function crowdAt(begins: readonly number[], minute: number): number {
  return begins.reduce((sum, begin) => {
    const age = minute - begin;
    if (age < 0 || age > 30) return sum;
    return sum + 2.5 * Math.min(1, (age + 1) / 2) * (1 - age / 31);
  }, 0);
}
