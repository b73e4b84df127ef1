import type { RecordColumns } from "@elastic-gas/shared/vcf/record";
import type { ClinvarEntry, ClinvarTrack } from "../pack/clinvar-track.ts";
import type { Allele, MinimalAllele } from "../vcf/alleles.ts";

/** Repeats longer than this are not walked along. */
const MAX_SHIFT = 500;
const NONE: readonly undefined[] = [];

/** ClinVar's entry for each ALT; empty when no ALT has one. */
export function matchClinvar(
  record: RecordColumns,
  alleles: readonly Allele[],
  clinvar: ClinvarTrack | null,
): readonly (ClinvarEntry | undefined)[] {
  if (clinvar === null) return NONE;
  let found: (ClinvarEntry | undefined)[] | undefined;
  for (const [index, { minimal }] of alleles.entries()) {
    const entry = minimal === null ? undefined : findAllele(record, minimal, clinvar);
    if (entry === undefined) continue;
    found ??= alleles.map(() => undefined);
    found[index] = entry;
  }
  return found ?? NONE;
}

/**
 * An indel in a repeat can be written at several places; ClinVar has it at the leftmost. It is moved to the left as long as the base before it is known, from the
 * record's own REF or from the REFs of ClinVar's variants, and equals the last base that is moved: only then is it the same change of the sequence
 * (https://doi.org/10.1093/bioinformatics/btv112).
 */
function findAllele(record: RecordColumns, minimal: MinimalAllele, clinvar: ClinvarTrack): ClinvarEntry | undefined {
  const exact = clinvar.find(minimal.pos, minimal.ref, minimal.alt);
  if (exact !== undefined) return exact;
  const indel = indelOf(minimal);
  if (indel === null || indel.sequence.length > MAX_SHIFT) return undefined;
  const baseAt = (pos: number): number | undefined => {
    const offset = pos - record.pos;
    if (offset < 0 || offset >= record.ref.length) return clinvar.base(pos);
    return record.ref.charCodeAt(offset) & 0xdf; // upper case
  };
  let { pos, sequence } = indel;
  for (let shift = 0; shift < MAX_SHIFT; shift += 1) {
    if (clinvar.has(pos)) {
      const entry = clinvar.findIndel(pos, sequence, indel.isDeletion);
      if (entry !== undefined) return entry;
    }
    const before = baseAt(pos);
    if (before === undefined || before !== sequence.charCodeAt(sequence.length - 1)) return undefined;
    sequence = sequence.slice(-1) + sequence.slice(0, -1);
    pos -= 1;
  }
  return undefined;
}

/** What is inserted or deleted right after `pos`; null for what does both. */
function indelOf({ pos, ref, alt }: MinimalAllele): { pos: number; sequence: string; isDeletion: boolean } | null {
  const isDeletion = ref.length > alt.length;
  const [long, short] = isDeletion ? [ref, alt] : [alt, ref];
  if (short.length !== 1 || long.length === 1) return null;
  if (long.startsWith(short)) return { pos, sequence: long.slice(1), isDeletion };
  // Written with the base after it instead of the one before.
  return long.endsWith(short) ? { pos: pos - 1, sequence: long.slice(0, -1), isDeletion } : null;
}
