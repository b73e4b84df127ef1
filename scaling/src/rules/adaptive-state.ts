import { z } from "zod";
import { Instant } from "../observation.ts";

/** Loads are in workers' worth: 1 = one worker at 100 % CPU. */
const LoadPoint = z.object({
  /** Number of the minute since the epoch. */
  period: z.number().int(),
  load: z.number(),
  level: z.number(),
  /** How much the load rose within about 3 periods. */
  rise: z.number(),
  /** What lost points may hide: so much more the load can have been. */
  lost: z.number().optional(),
  /** The load was hidden, and `load` is a guess: nothing is learned from a forecast made here. */
  blind: z.boolean().optional(),
  /** The forecast without and with the rise; kept for as long as a shrink looks back. */
  base: z.number().optional(),
  forecast: z.number().optional(),
});
export type LoadPoint = z.infer<typeof LoadPoint>;

/** What the adaptive rule has learned, about 20 kB of JSON within `State`. */
export const AdaptiveState = z.object({
  /** Length of a minute: less in tests that run faster than life. */
  periodSeconds: z.number(),
  points: z.array(LoadPoint),
  /** Requests per period that load one worker to 100 %. */
  ratios: z.array(z.number()),
  bootSeconds: z.number().nullable(),
  /** Share of the service level that a smaller pool must leave free. */
  margin: z.number(),
  /** The last shrink that no grow has followed yet. */
  shrunk: z.object({ at: Instant, level: z.number() }).nullable(),
  /** The level at which a shrink was regretted last. */
  regretLoad: z.number().nullable(),
  changedAt: Instant,
  /** Periods in a row whose load was hidden. */
  hidden: z.number().int(),
});
export type AdaptiveState = z.infer<typeof AdaptiveState>;

export const FIRST_MARGIN = 0.1;
export const LARGEST_MARGIN = 0.4;

export function initialAdaptiveState(periodSeconds: number, now: number): AdaptiveState {
  return {
    periodSeconds,
    points: [],
    ratios: [],
    bootSeconds: null,
    margin: FIRST_MARGIN,
    shrunk: null,
    regretLoad: null,
    changedAt: now,
    hidden: 0,
  };
}
