import { canonicalContig } from "@elastic-gas/shared/vcf/contigs";
import type { RecordColumns } from "@elastic-gas/shared/vcf/record";
import { type Allele, MAX_ALLELES } from "../vcf/alleles.ts";
import { infoValue } from "../vcf/info.ts";

/** The other end of a breakend or a translocation. */
export interface Mate {
  readonly contig: string;
  readonly pos: number;
}

export interface Places {
  /** Last base that the record covers on its own chromosome. */
  readonly end: number;
  readonly mates: readonly Mate[];
}

const NO_MATES: readonly Mate[] = [];
const TRANSLOCATIONS: ReadonlySet<string> = new Set(["<TRA>", "<BND>", "<CTX>"]);

/**
 * Where a record lies: by REF; for symbolic alleles up to END, else by SVLEN; for breakends and translocations also the
 * place of the mate. END of a translocation is a position on the mate's chromosome (CHR2), not the end of a stretch.
 * Null for a block of a gVCF, which tells no variant.
 */
export function placesOf(record: RecordColumns, alleles: readonly Allele[]): Places | null {
  const byRef = record.pos + record.ref.length - 1;
  let [isSymbolic, isBreakend, isVariant] = [false, false, false];
  for (const allele of alleles) {
    isSymbolic ||= allele.class === "symbolic";
    isBreakend ||= allele.class === "breakend";
    isVariant ||= allele.class !== "no variant";
  }
  // VCF 4.5 gives the end of such a block in FORMAT/LEN; one of a single base ends where it begins.
  if (!isVariant && (record.alt.startsWith("<") || Number(infoValue(record.info, "END")) > byRef)) return null;
  if (!isSymbolic && !isBreakend) return { end: byRef, mates: NO_MATES };
  const mates = isBreakend ? breakendMates(record.alt) : [];
  if (!isSymbolic) return { end: byRef, mates };
  if (isTranslocation(record)) {
    const pos = Number(infoValue(record.info, "POS2") ?? infoValue(record.info, "END"));
    const contig = infoValue(record.info, "CHR2") ?? record.chrom;
    return { end: byRef, mates: Number.isSafeInteger(pos) && pos > 0 ? [...mates, { contig, pos }] : mates };
  }
  return { end: Math.max(byRef, endOfSymbolic(record)), mates };
}

/**
 * The END of a record with a symbolic allele where it is no position of the chromosome at or behind POS, as
 * `chr17:5, END=-7`; undefined when there is nothing odd, and for translocations, whose END is elsewhere. `length`: of
 * the chromosome, null when it is not known.
 */
export function oddEnd(
  record: RecordColumns,
  { alleles, length }: { readonly alleles: readonly Allele[]; readonly length: number | null },
): string | undefined {
  if (!alleles.some((allele) => allele.class === "symbolic")) return undefined;
  const end = infoValue(record.info, "END");
  if (end === undefined || end === "." || isTranslocation(record)) return undefined;
  const isPosition = /^\d+$/.test(end) && Number(end) >= record.pos && Number(end) <= (length ?? Number(end));
  return isPosition ? undefined : `${record.chrom}:${record.pos}, END=${end}`;
}

function isTranslocation({ chrom, alt, info }: RecordColumns): boolean {
  const type = infoValue(info, "SVTYPE");
  const other = infoValue(info, "CHR2");
  return (
    type === "TRA" ||
    type === "BND" ||
    type === "CTX" ||
    TRANSLOCATIONS.has(alt.toUpperCase()) ||
    (other !== undefined && canonicalContig(other) !== canonicalContig(chrom))
  );
}

/** `T]chr9:130854064]`, `[17:198983[A`: a contig's name may hold colons itself. */
function breakendMates(alts: string): Mate[] {
  return alts.split(",", MAX_ALLELES).flatMap((alt) => {
    const match = /[[\]]<?([^[\]<>]+)>?:(\d{1,10})[[\]]/.exec(alt);
    return match === null ? [] : [{ contig: match[1] ?? "", pos: Number(match[2]) }];
  });
}

function endOfSymbolic({ pos, alt, info }: RecordColumns): number {
  const end = Number(infoValue(info, "END"));
  if (end > pos) return end;
  const alts = alt.split(",", MAX_ALLELES);
  const lengths = (infoValue(info, "SVLEN") ?? "")
    .split(",", alts.length)
    .map((text, index) => (isInsertion(alts[index] ?? "") ? 0 : Math.abs(Number(text))));
  return Math.max(pos, ...lengths.filter(Number.isSafeInteger).map((length) => pos + length));
}

/** An insertion lies between two bases, however long it is. */
function isInsertion(alt: string): boolean {
  return /^<INS[:>]/i.test(alt);
}
