import type { RecordColumns } from "@elastic-gas/shared/vcf/record";
import type { AlleleTrack } from "../pack/allele-track.ts";
import type { Chromosome } from "../pack/chromosome.ts";
import type { ClinvarEntry, ClinvarVariants } from "../pack/clinvar-track.ts";
import type { Allele, MinimalAllele } from "../vcf/alleles.ts";

/** Repeats longer than this are not walked along. */
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

/**
 * An indel in a repeat can be written at several places; ClinVar has it at the leftmost. It is moved to the left as
 * long as the base before it is known and equals the last base that is moved: only then is it the same change of the
 * sequence (https://doi.org/10.1093/bioinformatics/btv112).
 */
function findInClinvar(minimal: MinimalAllele, clinvar: ClinvarVariants, baseAt: BaseAt): ClinvarEntry | undefined {
  const exact = clinvar.find(minimal.pos, minimal.ref, minimal.alt);
  if (exact !== undefined) return exact;
  for (const { pos, sequence, isDeletion } of shifts(minimal, baseAt)) {
    const entry = clinvar.has(pos) ? clinvar.findIndel(pos, sequence, isDeletion) : undefined;
    if (entry !== undefined) return entry;
  }
  return undefined;
}

/** The same change as far to the left as the known bases prove; null for what cannot be moved. */
export function leftmost(minimal: MinimalAllele, baseAt: BaseAt): MinimalAllele | null {
  let moved: MinimalAllele | null = null;
  for (const { pos, sequence, isDeletion } of shifts(minimal, baseAt)) {
    const base = baseAt(pos);
    if (base === undefined) break;
    const anchor = String.fromCharCode(base);
    const [long, short] = [anchor + sequence, anchor];
    moved = isDeletion ? { pos, ref: long, alt: short } : { pos, ref: short, alt: long };
  }
  return moved;
}

interface Indel {
  /** The base before what is inserted or deleted. */
  readonly pos: number;
  readonly sequence: string;
  readonly isDeletion: boolean;
}

/** All ways to write an indel, from where it is to the left; none for what is not one. */
function* shifts(minimal: MinimalAllele, baseAt: BaseAt): Generator<Indel> {
  const indel = indelOf(minimal);
  if (indel === null || indel.sequence.length > MAX_SHIFT) return;
  let { pos, sequence } = indel;
  for (let shift = 0; shift < MAX_SHIFT; shift += 1) {
    yield { pos, sequence, isDeletion: indel.isDeletion };
    const before = baseAt(pos);
    if (before === undefined || before !== sequence.charCodeAt(sequence.length - 1)) return;
    sequence = sequence.slice(-1) + sequence.slice(0, -1);
    pos -= 1;
  }
}

function indelOf({ pos, ref, alt }: MinimalAllele): Indel | null {
  const isDeletion = ref.length > alt.length;
  const [long, short] = isDeletion ? [ref, alt] : [alt, ref];
  if (short.length !== 1 || long.length === 1) return null;
  if (long.startsWith(short)) return { pos, sequence: long.slice(1), isDeletion };
  // Written with the base after it instead of the one before.
  return long.endsWith(short) ? { pos: pos - 1, sequence: long.slice(0, -1), isDeletion } : null;
}
