import { formatCount } from "@elastic-gas/shared/format/numbers";

/** What the first part of a file tells before it is sent. The annotator decides; this only saves people a wait. */
export interface VcfCheck {
  readonly kind: "fits" | "refused";
  /** What was found, one line each. */
  readonly findings: readonly string[];
  /** Why it is refused, a sentence; and what helps. */
  readonly problem?: string;
  readonly help?: string;
  /** The line in question, as it is in the file. */
  readonly line?: string;
}

/** Read from the start of the (uncompressed) file. */
export const CHECKED_BYTES = 262_144;
const NEEDED_COLUMNS = 8;
const MAX_SHOWN = 120;

const GRCH38_CHR1 = 248_956_422;
const GRCH37_CHR1 = 249_250_621;
const NCBI36_CHR1 = 247_249_719;
const CHR1_BUILDS: ReadonlyMap<number, string> = new Map([
  [GRCH38_CHR1, "GRCh38"],
  [GRCH37_CHR1, "GRCh37"],
  [NCBI36_CHR1, "NCBI36"],
]);

/** Names a file that is no text by its first bytes; undefined for what may be a VCF, plain or gzip. */
export function checkMagic(start: Uint8Array): string | undefined {
  const at = (...bytes: readonly number[]) => bytes.every((byte, i) => start[i] === byte);
  if (start.length === 0) return "The file is empty.";
  if (at(0x50, 0x4b, 0x03, 0x04)) return "This is a zip archive (Excel), not a VCF.";
  if (at(0xff, 0xfe) || at(0xfe, 0xff)) return "This file is encoded in UTF-16.";
  if (at(0x89, 0x50, 0x4e, 0x47) || at(0xff, 0xd8, 0xff)) return "This is a picture, not a VCF.";
  if (at(0x25, 0x50, 0x44, 0x46)) return "This is a PDF, not a VCF.";
  if (at(0x42, 0x43, 0x46)) return "This is a BCF file. Convert it to VCF first.";
  return undefined;
}

/** Checks the first lines. `complete`: the text is the whole file, so its last line counts too. */
export function checkVcf(text: string, { complete }: { readonly complete: boolean }): VcfCheck {
  const lines = text.replace(/^\ufeff/, "").split(/\r?\n/);
  if (!complete) lines.pop();
  if (!/^##fileformat=VCF/i.test(lines[0] ?? "")) {
    return refused("This is not a VCF.", "A VCF starts with ##fileformat=VCFv4.", (lines[0] ?? "").slice(0, MAX_SHOWN));
  }
  const headAt = lines.findIndex((line) => line.startsWith("#CHROM"));
  const version = (lines[0] ?? "").slice("##fileformat=".length);
  if (headAt === -1) {
    if (complete)
      return refused("There is no #CHROM line.", "The columns of a VCF are named in a line that starts with #CHROM.");
    return { kind: "fits", findings: [`${version}, a long header`] };
  }
  const columns = (lines[headAt] ?? "").split("\t").length;
  const samples = Math.max(0, columns - 9);
  const records = lines.slice(headAt + 1).filter((line) => line !== "");
  const first = lines.findIndex((line, i) => i > headAt && line !== "" && line.split("\t").length < NEEDED_COLUMNS);
  if (first !== -1) {
    const count = (lines[first] ?? "").split("\t").length;
    // A single odd record is the annotator's to count; a first one like this means that all are.
    if (lines[first] === records[0]) {
      return refused(
        `Line ${first + 1} has ${count} ${count === 1 ? "column" : "columns"}, ${NEEDED_COLUMNS} are needed.`,
        "Spaces instead of tabs?",
        (lines[first] ?? "").slice(0, MAX_SHOWN),
      );
    }
  }
  const build = buildOf(lines.slice(0, headAt));
  return {
    kind: "fits",
    findings: [
      `${version}, ${samples} ${samples === 1 ? "sample" : "samples"}, ${columns} columns`,
      records.length === 0
        ? "No records in the part that was looked at"
        : `First ${formatCount(records.length)} ${records.length === 1 ? "record is" : "records are"} there`,
      ...(build === undefined ? [] : [`Genome build ${build}, from the length of chromosome 1`]),
    ],
  };
}

function buildOf(header: readonly string[]): string | undefined {
  for (const line of header) {
    const contig = /^##contig=<ID=(?:chr)?1,.*?length=(\d+)/i.exec(line);
    if (contig !== null) return CHR1_BUILDS.get(Number(contig[1]));
  }
  return undefined;
}

function refused(problem: string, help: string, line?: string): VcfCheck {
  return { kind: "refused", findings: [], problem, help, line };
}
