/**
 * One ALT of a record in its minimal form: what is equal at both ends of REF and ALT cut away, at least one base of
 * each kept.
 */
export interface MinimalAllele {
  readonly pos: number;
  readonly ref: string;
  readonly alt: string;
}

/**
 * Trims the common end, then the common start, as in "The minimal representation of a variant" (E. Minikel, 2014): two
 * files that write one variant differently then agree. Expects upper case.
 */
export function minimalAllele(pos: number, ref: string, alt: string): MinimalAllele {
  if (ref.length === 1 || alt.length === 1) {
    if (ref.length === alt.length) return { pos, ref, alt };
  }
  let refEnd = ref.length;
  let altEnd = alt.length;
  while (refEnd > 1 && altEnd > 1 && ref.charCodeAt(refEnd - 1) === alt.charCodeAt(altEnd - 1)) {
    refEnd -= 1;
    altEnd -= 1;
  }
  let start = 0;
  while (start < refEnd - 1 && start < altEnd - 1 && ref.charCodeAt(start) === alt.charCodeAt(start)) start += 1;
  return { pos: pos + start, ref: ref.slice(start, refEnd), alt: alt.slice(start, altEnd) };
}

export type AlleleClass =
  | "SNV"
  | "MNV"
  | "insertion"
  | "deletion"
  | "indel"
  | "symbolic"
  | "breakend"
  | "spanning deletion"
  | "no variant";

/** More ALTs of one record than this are not looked at. The largest panels have some hundred at a repeat. */
export const MAX_ALLELES = 1_000;

export interface Allele {
  readonly class: AlleleClass;
  /** The allele in minimal form; null for what is not a sequence. */
  readonly minimal: MinimalAllele | null;
}

const BASES = "ACGT";
const SEQUENCE = /^[ACGTNRYSWKMBDHV]+$/;

/** What an ALT is, with its minimal form if it is a sequence. Upper case expected. */
export function readAllele(pos: number, ref: string, alt: string): Allele {
  const first = alt.charCodeAt(0);
  // Nearly every record of nearly every file, so it comes first and allocates little.
  if (ref.length === 1 && alt.length === 1 && ref !== alt && BASES.includes(ref) && BASES.includes(alt)) {
    return { class: "SNV", minimal: { pos, ref, alt } };
  }
  if (first === 60 /* < */)
    return { class: alt === "<*>" || alt === "<NON_REF>" ? "no variant" : "symbolic", minimal: null };
  if (alt === "." || alt === "" || alt === ref) return { class: "no variant", minimal: null };
  if (alt === "*") return { class: "spanning deletion", minimal: null };
  if (!SEQUENCE.test(alt)) return { class: /[[\]]|^\.|\.$/.test(alt) ? "breakend" : "symbolic", minimal: null };
  if (!SEQUENCE.test(ref)) return { class: "symbolic", minimal: null };
  const minimal = minimalAllele(pos, ref, alt);
  return { class: sequenceClass(minimal), minimal };
}

/** Each ALT in order. */
export function allelesOf({
  pos,
  ref,
  alt,
}: {
  readonly pos: number;
  readonly ref: string;
  readonly alt: string;
}): Allele[] {
  const upperRef = ref.toUpperCase();
  const upperAlt = alt.toUpperCase();
  return upperAlt.includes(",")
    ? upperAlt.split(",", MAX_ALLELES).map((one) => readAllele(pos, upperRef, one))
    : [readAllele(pos, upperRef, upperAlt)];
}

export function isSequence(allele: string): boolean {
  return SEQUENCE.test(allele.toUpperCase());
}

/** Bases gained (positive) or lost (negative) by an allele that is a sequence. */
export function indelLength({ ref, alt }: MinimalAllele): number {
  return alt.length - ref.length;
}

const PYRIMIDINE_CHANGES: Readonly<Record<string, string>> = {
  "C>A": "C>A",
  "G>T": "C>A",
  "C>G": "C>G",
  "G>C": "C>G",
  "C>T": "C>T",
  "G>A": "C>T",
  "T>A": "T>A",
  "A>T": "T>A",
  "T>C": "T>C",
  "A>G": "T>C",
  "T>G": "T>G",
  "A>C": "T>G",
};
export const SUBSTITUTIONS = ["C>A", "C>G", "C>T", "T>A", "T>C", "T>G"] as const;

/** The substitution as seen from its pyrimidine, one of SUBSTITUTIONS; undefined when a base is ambiguous. */
export function substitutionOf({ ref, alt }: MinimalAllele): string | undefined {
  return PYRIMIDINE_CHANGES[`${ref}>${alt}`];
}

export function isTransition(substitution: string): boolean {
  return substitution === "C>T" || substitution === "T>C";
}

function sequenceClass({ ref, alt }: MinimalAllele): AlleleClass {
  if (ref.length === alt.length) return ref.length === 1 ? "SNV" : "MNV";
  if (ref.length === 1 && ref.charCodeAt(0) === alt.charCodeAt(0)) return "insertion";
  if (alt.length === 1 && ref.charCodeAt(0) === alt.charCodeAt(0)) return "deletion";
  return "indel";
}
