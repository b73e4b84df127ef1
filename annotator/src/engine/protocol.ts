import { JobSummary } from "@elastic-gas/shared/jobs/summary";
import { z } from "zod";

/** What the worker tells the engine's process, once. Paths are absolute. */
export const EngineRequest = z.object({
  inputPath: z.string(),
  outputPath: z.string(),
  logPath: z.string(),
  workDirectory: z.string(),
  fileName: z.string(),
  /** null: the pack that comes with the product. */
  packDirectory: z.string().nullable(),
  build: z.string().nullable(),
  /** What the file may hold once it is unpacked, and the sentence for one that holds more. */
  textLimit: z.object({ bytes: z.number().positive(), sentence: z.string() }),
});
export type EngineRequest = z.infer<typeof EngineRequest>;

/** What the engine's process answers: any number of `progress`, then one of the others. */
export const EngineReply = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("progress"), percent: z.number() }),
  z.object({ kind: z.literal("done"), summary: JobSummary }),
  z.object({ kind: z.literal("failed"), sentence: z.string() }),
]);
export type EngineReply = z.infer<typeof EngineReply>;
