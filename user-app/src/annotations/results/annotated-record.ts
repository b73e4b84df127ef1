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
  /** Separated by semicolons. */
  readonly clinvarConditions: string;
  readonly rs: string;
  /** Of the whole record, separated by commas: what BCSQ names. */
  readonly consequences: string;
  /** INFO/AF as the file has it. */
  readonly frequency: string;
}

const KEYS = ["GAS_GENE", "GAS_REGION", "GAS_BAND", "GAS_CLINVAR", "GAS_RS", "BCSQ", "AF"] as const;
type Key = (typeof KEYS)[number];

/** The ALTs of a line of a result; none for a header line or one that is no record. */
export function readAlleles(line: string): readonly AnnotatedAllele[] {
  if (line === "" || line.startsWith("#")) return [];
  const [chrom, pos, id = "", ref = "", alts, qual = "", filter = "", info] = line.split("\t", 8);
  if (chrom === undefined || pos === undefined || alts === undefined || info === undefined) return [];
  const values = readInfo(info);
  const consequences = listOf(values.BCSQ).map((each) => each.split("|", 1)[0] ?? "");
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
    consequences: [...new Set(consequences)].join(","),
  };
  const [clinvar, rs, frequencies] = [listOf(values.GAS_CLINVAR), listOf(values.GAS_RS), listOf(values.AF)];
  return alts.split(",").map((alt, index) => {
    const [clinvarId = "", clinvarClass = "", conditions = ""] = known(clinvar[index] ?? "").split("|");
    return {
      ...shared,
      alt,
      clinvarId,
      clinvarClass: decode(clinvarClass),
      clinvarConditions: conditions === "" ? "" : conditions.split("&").map(decode).join("; "),
      rs: known(rs[index] ?? ""),
      frequency: known(frequencies[index] ?? ""),
    };
  });
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

function known(value: string): string {
  return value === "." ? "" : value;
}

/** What the annotation wrote as %2C and the like: VCF 4.3, section 1.2. */
function decode(value: string): string {
  return value.replace(/%([0-9A-F]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
