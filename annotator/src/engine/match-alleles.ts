import type { RecordColumns } from "@elastic-gas/shared/vcf/record";
import type { AlleleTrack } from "../pack/allele-track.ts";
import type { Chromosome } from "../pack/chromosome.ts";
import type { ClinvarEntry, ClinvarVariants } from "../pack/clinvar-track.ts";
import type { Allele, MinimalAllele } from "../vcf/alleles.ts";

/** ClinVar is not asked for every place of a longer repeat. */
const MAX_SHIFT = 500;
const NONE: readonly undefined[] = [];

type BaseAt = (pos: number) => number | undefined;

/** ClinVar's entry for each ALT; empty when no ALT has one. */
export function matchClinvar(
  record: RecordColumns,
  alleles: readonly Allele[],
  chromosome: Pick<Chromosome, "clinvar" | "base">,
): readonly (ClinvarEntry | undefined)[] {
  const { clinvar } = chromosome;
  if (clinvar === null) return NONE;
  const baseAt = baseOf(record, chromosome);
  return each(alleles, (minimal) => findInClinvar(minimal, clinvar, baseAt));
}

/** A source's values for each ALT; empty when no ALT has any. */
export function matchTrack(
  record: RecordColumns,
  alleles: readonly Allele[],
  { track, chromosome }: { readonly track: AlleleTrack | null; readonly chromosome: Pick<Chromosome, "base"> },
): readonly (readonly string[] | undefined)[] {
  if (track === null) return NONE;
  const baseAt = baseOf(record, chromosome);
  return each(alleles, (minimal) => {
    const exact = track.find(minimal);
    if (exact !== undefined) return exact;
    const moved = leftmost(minimal, baseAt);
    return moved === null ? undefined : track.find(moved);
  });
}

function each<Found>(
  alleles: readonly Allele[],
  find: (minimal: MinimalAllele) => Found | undefined,
): readonly (Found | undefined)[] {
  let found: (Found | undefined)[] | undefined;
  for (const [index, { minimal }] of alleles.entries()) {
    const one = minimal === null ? undefined : find(minimal);
    if (one === undefined) continue;
    found ??= alleles.map(() => undefined);
    found[index] = one;
  }
  return found ?? NONE;
}

/** The base at a position, from the record's own REF or from the pack. */
function baseOf({ pos: start, ref }: RecordColumns, chromosome: Pick<Chromosome, "base">): BaseAt {
  return (pos) => {
    const offset = pos - start;
    if (offset < 0 || offset >= ref.length) return chromosome.base(pos);
    return ref.charCodeAt(offset) & 0xdf; // upper case
  };
}

/** ClinVar has indels at the leftmost place, as far as the pack tells the bases: it is asked for each place. */
function findInClinvar(minimal: MinimalAllele, clinvar: ClinvarVariants, baseAt: BaseAt): ClinvarEntry | undefined {
  const exact = clinvar.find(minimal.pos, minimal.ref, minimal.alt);
  if (exact !== undefined) return exact;
  const indel = indelOf(minimal);
  if (indel === null || indel.sequence.length > MAX_SHIFT) return undefined;
  const room = roomToTheLeft(indel, baseAt, MAX_SHIFT);
  for (let shift = 0; shift <= room; shift += 1) {
    if (!clinvar.has(indel.pos - shift)) continue;
    const { pos, sequence, isDeletion } = moved(indel, shift);
    const entry = clinvar.findIndel(pos, sequence, isDeletion);
    if (entry !== undefined) return entry;
  }
  return undefined;
}

/** The same change as far to the left as the known bases prove; null for what cannot be moved. */
export function leftmost(minimal: MinimalAllele, baseAt: BaseAt): MinimalAllele | null {
  const indel = indelOf(minimal);
  if (indel === null) return null;
  const room = roomToTheLeft(indel, baseAt, Number.POSITIVE_INFINITY);
  // The base before it is written with it.
  const shift = baseAt(indel.pos - room) === undefined ? room - 1 : room;
  if (shift < 0) return null;
  const { pos, sequence, isDeletion } = moved(indel, shift);
  const anchor = String.fromCharCode(baseAt(pos) ?? 0);
  const [long, short] = [anchor + sequence, anchor];
  return isDeletion ? { pos, ref: long, alt: short } : { pos, ref: short, alt: long };
}

interface Indel {
  /** The base before what is inserted or deleted. */
  readonly pos: number;
  readonly sequence: string;
  readonly isDeletion: boolean;
}

/**
 * An indel in a repeat can be written at several places. It can be moved to the left as long as the base before it is
 * known and equals the last base that is moved: only then is it the same change of the sequence
 * (https://doi.org/10.1093/bioinformatics/btv112). By how many bases, up to a limit.
 */
function roomToTheLeft({ pos, sequence }: Indel, baseAt: BaseAt, limit: number): number {
  const { length } = sequence;
  let room = 0;
  while (room < limit && baseAt(pos - room) === sequence.charCodeAt(length - 1 - (room % length))) room += 1;
  return room;
}

function moved({ pos, sequence, isDeletion }: Indel, shift: number): Indel {
  const turn = sequence.length - (shift % sequence.length);
  return { pos: pos - shift, sequence: sequence.slice(turn) + sequence.slice(0, turn), isDeletion };
}

function indelOf({ pos, ref, alt }: MinimalAllele): Indel | null {
  const isDeletion = ref.length > alt.length;
  const [long, short] = isDeletion ? [ref, alt] : [alt, ref];
  if (short.length !== 1 || long.length === 1) return null;
  if (long.startsWith(short)) return { pos, sequence: long.slice(1), isDeletion };
  // Written with the base after it instead of the one before.
  return long.endsWith(short) ? { pos: pos - 1, sequence: long.slice(0, -1), isDeletion } : null;
}
