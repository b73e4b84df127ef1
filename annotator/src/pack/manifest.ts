import { z } from "zod";

/** Where one chromosome's member lies in a gzip file of several members: offset and length in bytes. */
const Member = z.tuple([z.number().int().min(0), z.number().int().positive()]);

const Chromosome = z.object({
  /** Bases; null for contigs whose length the sources do not give. */
  length: z.number().int().positive().nullable(),
  genes: Member.optional(),
  bands: Member.optional(),
  clinvar: Member.optional(),
  /** Indexes of the chromosome's blocks. */
  clinvarBlocks: Member.optional(),
  rs: Member.optional(),
  frequencies: Member.optional(),
  intervals: Member.optional(),
  /** Stretches that lie in the build of `liftTo`. */
  lift: Member.optional(),
  /** First and last positions between which ClinVar's variants are there, sorted; absent: everywhere. */
  clinvarStretches: z.array(z.tuple([z.number().int(), z.number().int()])).optional(),
});

/** Blocks of rows, and per chromosome a member of `index` that tells where they lie: see block-track.ts. */
const Blocks = z.object({ blocks: z.string(), index: z.string() });

const Files = z.object({
  /** Lines `start, end, symbol, gene id, strand, regions`; see gene-regions.ts for the last. */
  genes: z.string().optional(),
  /** Lines `start, end, band`. */
  bands: z.string().optional(),
  /** Lines `pos, ref, alt, variation id, rs, significance index, disease indices`, alleles in minimal form. */
  clinvar: z.string().optional(),
  /** Line n holds the disease with index n. */
  diseases: z.string().optional(),
  significances: z.array(z.string()).optional(),
  /** Which variants of ClinVar are there, by release, class and review, a phrase. */
  clinvarHeld: z.string().optional(),
  /** All of ClinVar, with review status; stands for `clinvar`. See clinvar-track.ts. */
  clinvarBlocks: Blocks.optional(),
  /** Rows `pos, ref, alt, dbSNP number`. */
  rs: Blocks.optional(),
  /** Rows `pos, ref, alt, frequency, those of populations (afr:0.1|nfe:0.2)`. */
  frequencies: Blocks.optional(),
  /** Rows `first, last, names`. */
  intervals: Blocks.optional(),
  /** Lines `first, last, contig, first there, strand`: see chain-lift.ts. */
  lift: z.string().optional(),
});

const Build = z.object({
  chromosomes: z.record(z.string(), Chromosome).default({}),
  files: Files.default({}),
  counts: z.record(z.string(), z.number().int()).default({}),
  /** A reference (plain or bgzip) and an Ensembl GFF3, relative to the pack: with both, consequences are called. */
  fasta: z.string().optional(),
  gff3: z.string().optional(),
  /** The build that records are lifted to for what this one lacks, by the stretches of `files.lift`. */
  liftTo: z.string().optional(),
});

export const SOURCE_KINDS = [
  "genes",
  "bands",
  "clinvar",
  "rs",
  "frequencies",
  "intervals",
  "sequence",
  "lift",
] as const;
export type SourceKind = (typeof SOURCE_KINDS)[number];

/** A file that the pack was made of, for citation. */
const Source = z.object({
  file: z.string(),
  from: z.string(),
  version: z.string(),
  licence: z.string(),
  sha256: z.string(),
  note: z.string().default(""),
  /** As one cites it: `ClinVar`, its release or date. */
  name: z.string().default(""),
  release: z.string().default(""),
  /** As the file's header tells it; empty when it does not. */
  date: z.string().default(""),
  /** What of an annotation comes from it; nothing that a page would cite without any. */
  kinds: z.array(z.enum(SOURCE_KINDS)).default([]),
  /** The builds it is for; absent: all of the pack. */
  builds: z.array(z.string()).optional(),
});

/** `pack.json`: what an annotation pack holds and where it comes from. */
export const PackManifest = z.object({
  format: z.literal(1),
  name: z.string().min(1),
  description: z.string().default(""),
  licence: z.string().default(""),
  /** The day the sources were read, ISO 8601. */
  builtOn: z.string().default(""),
  /** `default`: builds take what they lack from the pack that comes with the product. */
  base: z.literal("default").optional(),
  /** The build assumed when nothing in a file tells. */
  defaultBuild: z.string().default("GRCh38"),
  sources: z.array(Source).default([]),
  files: z.record(z.string(), z.object({ bytes: z.number().int(), sha256: z.string() })).default({}),
  builds: z.record(z.string(), Build),
});
export type PackManifest = z.infer<typeof PackManifest>;
export type PackManifestSource = z.infer<typeof Source>;
export type PackBuild = z.infer<typeof Build>;
