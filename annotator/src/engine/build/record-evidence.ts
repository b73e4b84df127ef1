import { canonicalContig, genomeOfContig, isChromosome } from "@elastic-gas/shared/vcf/contigs";
import { readRecord } from "@elastic-gas/shared/vcf/record";
import type { Chromosome } from "../../pack/chromosome.ts";
import type { Pack } from "../../pack/pack.ts";
import type { Input } from "../../vcf/input.ts";
import { excerpt, lineBlocks, recordHeadsOf } from "../../vcf/lines.ts";
import type { Statement } from "./header-evidence.ts";

/** How well the records fit what the pack knows of one build's sequence. */
export interface Fit {
  /** dbSNP numbers that the build has at the record's position, and elsewhere. */
  readonly rsHere: number;
  readonly rsElsewhere: number;
  /** Records whose REF is the base that the build has at its position, and those where it is another. */
  readonly refEqual: number;
  readonly refOther: number;
  /** One that does not fit. */
  readonly example: string | null;
}

/** What the records tell of the genome that they belong to. */
export interface RecordEvidence {
  readonly records: number;
  /** Largest position by canonical contig name. */
  readonly largest: ReadonlyMap<string, number>;
  readonly accessions: readonly Statement[];
  /** The first contig, when no record is on one that any build has; null when one is, or not all records were read. */
  readonly foreign: string | null;
  readonly fits: ReadonlyMap<string, Fit>;
}

/** Contig names kept apart; a file can name any number. */
const MAX_CONTIGS = 10_000;

interface Contig {
  readonly canonical: string;
  largest: number;
  readonly tracks: readonly { readonly fit: MutableFit; readonly chromosome: Chromosome }[];
}
type MutableFit = { -readonly [Key in keyof Fit]: Fit[Key] };

/** Reads the first `limit` records. */
export async function readRecordEvidence(input: Input, pack: Pack, limit: number): Promise<RecordEvidence> {
  const fits = new Map<string, MutableFit>(
    pack.builds.map(({ name }) => [name, { rsHere: 0, rsElsewhere: 0, refEqual: 0, refOther: 0, example: null }]),
  );
  const contigs = new Map<string, Contig>();
  const accessions = new Map<string, Statement>();
  let foreign: string | null = null;
  let isAnyKnown = false;
  const contigOf = (name: string): Contig => {
    const canonical = canonicalContig(name);
    const genome = genomeOfContig(name);
    if (genome !== undefined && !accessions.has(genome))
      accessions.set(genome, { genome, word: name, where: `records are on ${name}`, by: "accession" });
    foreign ??= excerpt(name);
    isAnyKnown ||= canonical === "MT" || pack.builds.some((build) => pack.build(build.name)?.chromosome(canonical));
    const tracks = isChromosome(canonical)
      ? [...fits].flatMap(([build, fit]) => {
          const chromosome = pack.build(build)?.chromosome(canonical);
          return chromosome?.hasEvidence === true ? [{ fit, chromosome }] : [];
        })
      : [];
    const contig = { canonical, largest: 0, tracks };
    if (contigs.size < MAX_CONTIGS) contigs.set(Buffer.from(name, "latin1").toString("latin1"), contig);
    return contig;
  };

  let records = 0;
  reading: for await (const block of lineBlocks(input.read())) {
    for (const line of recordHeadsOf(block)) {
      if (line.startsWith("#")) continue;
      const record = readRecord(line);
      if ("problem" in record) continue;
      const contig = contigs.get(record.chrom) ?? contigOf(record.chrom);
      if (record.pos > contig.largest) contig.largest = record.pos;
      if (contig.tracks.length > 0) compare(record, contig.tracks);
      records += 1;
      if (records >= limit) break reading;
    }
  }
  const largest = new Map<string, number>();
  for (const { canonical, largest: pos } of contigs.values())
    largest.set(canonical, Math.max(pos, largest.get(canonical) ?? 0));
  return {
    records,
    largest,
    accessions: [...accessions.values()],
    foreign: isAnyKnown || records >= limit ? null : foreign,
    fits,
  };
}

function compare(
  { chrom, pos, id, ref, alt }: { chrom: string; pos: number; id: string; ref: string; alt: string },
  tracks: Contig["tracks"],
): void {
  const rs = ref.length === 1 && alt.length === 1 ? /^rs(\d+)/.exec(id)?.[1] : undefined;
  const first = ref.charCodeAt(0) & 0xdf; // upper case
  for (const { fit, chromosome } of tracks) {
    const place = rs === undefined ? undefined : chromosome.positionOf(rs);
    if (place === pos) fit.rsHere += 1;
    else if (place !== undefined) {
      fit.rsElsewhere += 1;
      fit.example ??= `rs${rs} is at ${chrom}:${pos} in the file and at ${place} in the build`;
    }
    const base = chromosome.base(pos);
    if (base === undefined) continue;
    if (base === first) fit.refEqual += 1;
    else {
      fit.refOther += 1;
      fit.example ??= `REF at ${chrom}:${pos} is ${ref.slice(0, 1)} in the file and ${String.fromCharCode(base)} in the build`;
    }
  }
}
