import { z } from "zod";

/** What one worker measured of itself within one period; `at` is the period's start, in epoch milliseconds. */
export const LoadPoint = z.object({
  at: z.number(),
  /** Of all its vCPUs, 0-100. */
  cpuPercent: z.number().min(0).max(100),
  requests: z.number().int().min(0),
  /** Answered with 2xx. */
  successes: z.number().int().min(0),
  /** Answered with 5xx, refusals of a worker that is full left out; not told by workers of earlier releases. */
  failures: z.number().int().min(0).optional(),
  /** Of all answers together. */
  responseMs: z.number().min(0),
});
export type LoadPoint = z.infer<typeof LoadPoint>;

/** The column `load_points` of `workers`: the newest minutes, oldest first. */
export const LoadPoints = z.object({ periodSeconds: z.number().positive(), points: z.array(LoadPoint).max(600) });
export type LoadPoints = z.infer<typeof LoadPoints>;

/** Null where a worker noted nothing, or another version's shape. */
export function readLoadPoints(stored: unknown): LoadPoints | null {
  const parsed = LoadPoints.safeParse(stored);
  return parsed.success ? parsed.data : null;
}
