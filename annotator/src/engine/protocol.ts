import { JobSummary } from "@elastic-gas/shared/jobs/summary";
import { z } from "zod";

/**
 * What the worker tells the engine's process. Paths are absolute; `packDirectory` null: the pack that comes with the
 * product.
 */
const Prepare = z.object({ kind: z.literal("prepare"), packDirectory: z.string().nullable() });

export const EngineRequest = z.object({
  kind: z.literal("annotate"),
  inputPath: z.string(),
  outputPath: z.string(),
  logPath: z.string(),
  workDirectory: z.string(),
  fileName: z.string(),
  packDirectory: z.string().nullable(),
  build: z.string().nullable(),
  /** What the file may hold once it is unpacked, and the sentence for one that holds more. */
  textLimit: z.object({ bytes: z.number().positive(), sentence: z.string() }),
});
export type EngineRequest = z.infer<typeof EngineRequest>;

export const EngineMessage = z.discriminatedUnion("kind", [Prepare, EngineRequest]);
export type EngineMessage = z.infer<typeof EngineMessage>;

/**
 * What the engine's process answers to a request: any number of `progress` with the log so far, then one of the others,
 * `failed` with the log as far as it came. `rssBytes`: its memory by then.
 */
export const EngineReply = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("progress"), percent: z.number(), log: z.string() }),
  z.object({ kind: z.literal("done"), summary: JobSummary, rssBytes: z.number() }),
  z.object({ kind: z.literal("failed"), sentence: z.string(), log: z.string(), rssBytes: z.number() }),
]);
export type EngineReply = z.infer<typeof EngineReply>;
