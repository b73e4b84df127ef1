import { z } from "zod";

const Count = z.object({ name: z.string(), count: z.number().int().min(0) });

/** What an annotation found, in figures for the job's page (column jobs.summary). */
export const JobSummary = z.object({
  pack: z.string(),
  /** `GRCh38`, `GRCh37`, `NCBI36` or `unknown`. */
  build: z.string(),
  /** How the build was decided, a sentence. */
  buildReason: z.string(),
  records: z.number().int().min(0),
  inGenes: z.number().int().min(0),
  clinvarPathogenic: z.number().int().min(0),
  /** Transitions divided by transversions; null without transversions. */
  tiTv: z.number().nullable(),
  transitions: z.number().int().min(0),
  transversions: z.number().int().min(0),
  unmatchedRecords: z.number().int().min(0),
  unmatchedContigs: z.array(z.string()),
  chromosomes: z.array(Count),
  regions: z.array(Count),
  classes: z.array(Count),
  substitutions: z.array(Count),
  /** `length` in bases: positive for insertions, negative for deletions. */
  indelLengths: z.array(z.object({ length: z.number().int(), count: z.number().int().min(0) })),
  topGenes: z.array(Count),
  warnings: z.array(z.object({ sentence: z.string(), count: z.number().int().min(0) })),
  /** At most 200. */
  firstRecords: z.array(
    z.object({
      chrom: z.string(),
      pos: z.number().int(),
      id: z.string(),
      ref: z.string(),
      alt: z.string(),
      gene: z.string(),
      region: z.string(),
      band: z.string(),
      clinvar: z.string(),
    }),
  ),
  durationMs: z.number().min(0),
});
export type JobSummary = z.infer<typeof JobSummary>;
