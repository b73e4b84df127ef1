import { z } from "zod";

const Count = z.object({ name: z.string(), count: z.number().int().min(0) });

/** How the genome build of a file was decided. */
export const BuildDecision = z.object({
  /** `GRCh38`, ..., or `unknown`: then nothing was annotated. */
  build: z.string(),
  decidedBy: z.enum([
    "choice",
    "reference",
    "accession",
    "lengths",
    "header text",
    "records",
    "mitochondrion",
    "assumption",
  ]),
  /** True when nothing in the file speaks for the build that was taken. */
  undecided: z.boolean(),
  /** Builds of the pack that the file may belong to instead: each a way to annotate it again. */
  alternatives: z.array(z.string()),
  /**
   * A sentence for the top of page, log and mail: the build is not known, not in the pack, or the file contradicts
   * itself.
   */
  warning: z.string().nullable(),
});
export type BuildDecision = z.infer<typeof BuildDecision>;

/** What an annotation found, in figures for the job's page (column jobs.summary). */
export const JobSummary = z.object({
  pack: z.string(),
  /** `GRCh38`, `GRCh37`, `NCBI36` or `unknown`. */
  build: z.string(),
  /** How the build was decided, a sentence. */
  buildReason: z.string(),
  /** What pages, logs and mails put on top; absent in summaries of version 0.1. */
  buildDecision: BuildDecision.optional(),
  records: z.number().int().min(0),
  inGenes: z.number().int().min(0),
  clinvarPathogenic: z.number().int().min(0),
  /**
   * For how many records the pack could be asked at all: for genes, for parts of genes, for ClinVar and so on. Where it
   * is 0 a figure is "n/a", not 0. Absent in summaries of version 0.1.
   */
  lookedUp: z
    .object({
      genes: z.number().int().min(0),
      regions: z.number().int().min(0),
      clinvar: z.number().int().min(0),
      rs: z.number().int().min(0).optional(),
      frequencies: z.number().int().min(0).optional(),
      consequences: z.number().int().min(0).optional(),
      /** Records whose REF could be compared with the build's sequence. */
      sequence: z.number().int().min(0).optional(),
    })
    .optional(),
  /** Which variants of ClinVar the pack holds for the build, a phrase; null for none. */
  clinvarHeld: z.string().nullable().optional(),
  /** What the job's pack was made of, as one cites it; absent in older summaries. */
  packSources: z
    .array(
      z.object({
        name: z.string(),
        release: z.string(),
        date: z.string(),
        licence: z.string(),
        from: z.string(),
        /** What of the annotation comes from it: `genes`, `clinvar`, `frequencies`, ... */
        kinds: z.array(z.string()),
      }),
    )
    .optional(),
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
  /** Records by the class that ClinVar gives one of their ALTs; absent in older summaries, as are `consequences`. */
  clinvarClasses: z.array(Count).optional(),
  /** Consequences by their term, each transcript counted. */
  consequences: z.array(Count).optional(),
  /** Whole sentences; `count` records or lines each. In summaries of version 0.1 the sentence lacks its number. */
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
      /** ClinVar's variation ID. */
      clinvar: z.string(),
      clinvarClass: z.string().optional(),
      consequence: z.string().optional(),
      rs: z.string().optional(),
      frequency: z.string().optional(),
    }),
  ),
  durationMs: z.number().min(0),
});
export type JobSummary = z.infer<typeof JobSummary>;
