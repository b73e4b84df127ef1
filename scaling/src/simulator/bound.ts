import { clamp } from "../numbers.ts";
import { demandFor, type Sample } from "./elasticity.ts";
import type { Load } from "./loads.ts";
import type { PoolSettings } from "./pool-settings.ts";
import { type Run, SAMPLE_SECONDS } from "./simulated-pool.ts";

/**
 * What the cheapest pool would pay that knows the load beforehand and is never overloaded: every worker is launched a
 * boot time before it is needed.
 */
export function zeroOverloadBound(load: Load, { min, max, bootSeconds, drainSeconds }: PoolSettings): Run {
  const count = (load.minutes * 60) / SAMPLE_SECONDS;
  const loads = Array.from({ length: count }, (_, index) => load.at(index * SAMPLE_SECONDS));
  const needed = loads.map((value) => clamp(Math.ceil(value - 1e-9), { min, max }));
  const booting = Math.ceil(bootSeconds / SAMPLE_SECONDS);
  const draining = Math.ceil(drainSeconds / SAMPLE_SECONDS);
  const samples = needed.map((inService, index): Sample => {
    const around = needed.slice(Math.max(0, index - draining), index + booting + 1);
    const value = loads[index] ?? 0;
    return { demand: demandFor(value), inService, load: value, paid: Math.max(...around) };
  });
  return { rule: "bound", load, actions: [], samples };
}
