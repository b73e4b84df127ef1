import { isUtf8 } from "node:buffer";

/** One ALT of a record of a result, with what the annotation says of it. Texts are empty where nothing is known. */
export interface AnnotatedAllele {
  readonly chrom: string;
  readonly pos: string;
  readonly id: string;
  readonly ref: string;
  readonly alt: string;
  readonly qual: string;
  readonly filter: string;
  /** Genes and their regions, in the same order, separated by commas. */
  readonly genes: string;
  readonly regions: string;
  readonly band: string;
  readonly clinvarId: string;
  readonly clinvarClass: string;
  readonly clinvarReview: string;
  /** Separated by semicolons. */
  readonly clinvarConditions: string;
  readonly rs: string;
  /**
   * Separated by commas, as are the transcripts and their protein changes: what BCSQ names. Of the whole record where
   * nothing tells which ALT has which.
   */
  readonly consequences: string;
  readonly transcripts: string;
  readonly proteinChanges: string;
  /** In the pack's populations; without a pack that has any, INFO/AF as the file has it. */
  readonly frequency: string;
  /** By population: `afr:0.1; nfe:0.2`. */
  readonly populations: string;
  /** Stretches of the pack's tracks, separated by commas. */
  readonly tracks: string;
}

const KEYS = [
  "GAS_GENE",
  "GAS_REGION",
  "GAS_BAND",
  "GAS_CLINVAR",
  "GAS_CLINVAR_REVIEW",
  "GAS_RS",
  "GAS_AF",
  "GAS_AF_POP",
  "GAS_TRACK",
  "GAS_HGVS",
  "GAS_HGVS_ALT",
  "BCSQ",
  "GAS_BCSQ_ALT",
  "AF",
] as const;
type Key = (typeof KEYS)[number];

/** The ALTs of a line of a result; none for a header line or one that is no record. */
export function readAlleles(line: string): readonly AnnotatedAllele[] {
  if (line === "" || line.startsWith("#")) return [];
  const [chrom, pos, id = "", ref = "", alts, qual = "", filter = "", info] = line.split("\t", 8);
  if (chrom === undefined || pos === undefined || alts === undefined || info === undefined) return [];
  const values = readInfo(info);
  const shared = {
    chrom,
    pos,
    id: known(id),
    ref,
    qual: known(qual),
    filter: known(filter),
    genes: listOf(values.GAS_GENE).map(decode).join(","),
    regions: values.GAS_REGION ?? "",
    band: values.GAS_BAND ?? "",
    tracks: listOf(values.GAS_TRACK).map(decode).join(","),
  };
  const [clinvar, reviews, rs] = [listOf(values.GAS_CLINVAR), listOf(values.GAS_CLINVAR_REVIEW), listOf(values.GAS_RS)];
  const calledOf = byAlt(
    listOf(values.BCSQ).map((each) => each.split("|", 3)),
    values.GAS_BCSQ_ALT,
  );
  const changesOf = byAlt(listOf(values.GAS_HGVS).map(decode), values.GAS_HGVS_ALT);
  const [frequencies, populations] = [listOf(values.GAS_AF ?? values.AF), listOf(values.GAS_AF_POP)];
  return alts.split(",").map((alt, index) => {
    const called = calledOf(index);
    const [clinvarId = "", clinvarClass = "", conditions = ""] = known(clinvar[index] ?? "").split("|");
    return {
      ...shared,
      alt,
      consequences: distinct(called.map(([term = ""]) => term)),
      transcripts: distinct(called.map(([, , transcript = ""]) => transcript)),
      proteinChanges: distinct(changesOf(index)),
      clinvarId,
      clinvarClass: decode(clinvarClass),
      clinvarReview: known(decode(reviews[index] ?? "")),
      clinvarConditions: conditions === "" ? "" : conditions.split("&").map(decode).join("; "),
      rs: known(rs[index] ?? ""),
      frequency: known(frequencies[index] ?? ""),
      populations: known(populations[index] ?? "").replaceAll("|", "; "),
    };
  });
}

/** The values of an ALT by its index. `numbers` tells for each value the numbers of its ALTs; else all have all. */
function byAlt<Value>(values: readonly Value[], numbers: string | undefined): (index: number) => readonly Value[] {
  const alts = listOf(numbers);
  if (alts.length !== values.length) return () => values;
  const found = new Map<number, Value[]>();
  for (const [at, value] of values.entries()) {
    for (const number of alts[at]?.split("&") ?? []) {
      const index = Number(number) - 1;
      const known = found.get(index);
      if (known === undefined) found.set(index, [value]);
      else known.push(value);
    }
  }
  return (index) => found.get(index) ?? [];
}

function readInfo(info: string): Partial<Record<Key, string>> {
  const values: Partial<Record<Key, string>> = {};
  for (const field of info.split(";")) {
    const equals = field.indexOf("=");
    const key = KEYS.find((each) => each === field.slice(0, Math.max(0, equals)));
    if (key !== undefined) values[key] = field.slice(equals + 1);
  }
  return values;
}

function listOf(value: string | undefined): readonly string[] {
  return value === undefined || value === "" ? [] : value.split(",");
}

function distinct(values: readonly string[]): string {
  return [...new Set(values)].filter((value) => value !== "").join(",");
}

function known(value: string): string {
  return value === "." ? "" : value;
}

/** What the annotation wrote as %2C and the like: VCF 4.3, section 1.2. */
function decode(value: string): string {
  return value.replace(/(?:%[0-9A-F]{2})+/gi, (run) => {
    const bytes = Buffer.from(run.replaceAll("%", ""), "hex");
    // Letters beyond ASCII are UTF-8 in nearly every file, and Latin-1 in a few old ones.
    return bytes.toString(isUtf8(bytes) ? "utf8" : "latin1");
  });
}
