import { z } from "zod";

/**
 * The stored request that overrules everything else: while the row exists nothing is launched and every worker is
 * drained and terminated.
 */
export const StopRequest = z.object({
  by: z.string(),
  /** Epoch milliseconds. */
  at: z.number(),
  /** Workers at that moment, for the progress. */
  workers: z.number().int().min(0),
});
export type StopRequest = z.infer<typeof StopRequest>;

/** Any value means stop: a row that another version wrote must not be overlooked because its shape is unknown. */
export function parseStopRequest(stored: string): StopRequest {
  try {
    const parsed = StopRequest.safeParse(JSON.parse(stored));
    if (parsed.success) return parsed.data;
  } catch {
    // not JSON: the request counts all the same
  }
  return { by: "somebody", at: 0, workers: 0 };
}
