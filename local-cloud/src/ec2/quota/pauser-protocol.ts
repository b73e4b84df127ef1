import { z } from "zod";

/**
 * One line of JSON to the pauser: the complete list of sessions, each time. The end of its input tells it to resume all
 * and end.
 */
export const PauserOrderSchema = z.object({
  owner: z.string(),
  sessions: z.array(
    z.object({
      instanceId: z.string(),
      leader: z.object({ pid: z.number(), startTicks: z.number(), bootId: z.string() }).nullable(),
      vcpus: z.number().positive(),
      creditCpuSeconds: z.number(),
      /** Milliseconds of the wall clock. */
      creditEndsAt: z.number(),
      hung: z.boolean(),
    }),
  ),
});

export type PauserOrder = z.infer<typeof PauserOrderSchema>;
