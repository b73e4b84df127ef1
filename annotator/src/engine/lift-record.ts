import { canonicalContig } from "@elastic-gas/shared/vcf/contigs";
import type { RecordColumns } from "@elastic-gas/shared/vcf/record";
import type { Chromosome } from "../pack/chromosome.ts";
import type { BuildData } from "../pack/pack.ts";
import { isSequence } from "../vcf/alleles.ts";
import type { Places } from "./places.ts";

/** A record as it would stand in another build. */
export interface LiftedRecord {
  readonly record: RecordColumns;
  readonly places: Places;
  readonly chromosome: Chromosome;
}

const COMPLEMENTS: Readonly<Record<string, string>> = { A: "T", C: "G", G: "C", T: "A" };

/**
 * Null where the builds do not have the same sequence in one piece. What does not lie in `from.liftTo` is of no use, so
 * mates are left out that have no place there.
 */
export function liftRecord(record: RecordColumns, places: Places, from: BuildData): LiftedRecord | null {
  const { liftTo } = from;
  if (liftTo === null) return null;
  const lift = (contig: string, first: number, last: number) =>
    from.chromosome(canonicalContig(contig))?.lift?.place(first, last) ?? null;
  const lastOfRef = record.pos + record.ref.length - 1;
  const own = lift(record.chrom, record.pos, lastOfRef);
  if (own === null) return null;
  const chromosome = liftTo.chromosome(own.contig);
  if (chromosome === undefined) return null;
  let stretch = { from: own.from, to: own.to };
  if (places.end > lastOfRef) {
    const end = lift(record.chrom, places.end, places.end);
    if (end === null || end.contig !== own.contig || end.isReverse !== own.isReverse) return null;
    stretch = { from: Math.min(own.from, end.from), to: Math.max(own.to, end.to) };
  }
  const turn = (alleles: string) => (own.isReverse ? alleles.split(",").map(reverseComplement).join(",") : alleles);
  return {
    record: { ...record, chrom: own.contig, pos: stretch.from, ref: turn(record.ref), alt: turn(record.alt) },
    places: {
      end: stretch.to,
      mates: places.mates.flatMap(({ contig, pos }) => {
        const mate = lift(contig, pos, pos);
        return mate === null ? [] : [{ contig: mate.contig, pos: mate.from }];
      }),
    },
    chromosome,
  };
}

function reverseComplement(allele: string): string {
  if (!isSequence(allele)) return allele;
  return [...allele.toUpperCase()]
    .reverse()
    .map((base) => COMPLEMENTS[base] ?? "N")
    .join("");
}
