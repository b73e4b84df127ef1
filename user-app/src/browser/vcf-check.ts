import { formatCountOf } from "@elastic-gas/shared/format/numbers";
import { foreignFile } from "@elastic-gas/shared/vcf/foreign-file";
import { genomesNamed, REFERENCE_LINE } from "@elastic-gas/shared/vcf/genomes";
import { judgeVcf, someUnreadable } from "@elastic-gas/shared/vcf/judge";

/**
 * What the first part of a file tells before it is sent. The annotator decides by the same rules; this only saves
 * people a wait.
 */
export interface VcfCheck {
  readonly kind: "fits" | "refused";
  /** What was found, one line each. */
  readonly findings: readonly string[];
  /** What the annotator will pass through or warn of, one sentence each. */
  readonly warnings?: readonly string[];
  /** Why it is refused, a sentence; and what helps. */
  readonly problem?: string;
  readonly help?: string;
  /** The line in question, as it is in the file. */
  readonly line?: string;
}

/** Read from the start of the (uncompressed) file. */
export const CHECKED_BYTES = 262_144;
const MAX_SHOWN = 120;

const CHR1_BUILDS: ReadonlyMap<number, string> = new Map([
  [248_956_422, "GRCh38"],
  [249_250_621, "GRCh37"],
  [247_249_719, "NCBI36"],
]);

/** Names a file that is no VCF by its first bytes; null for what may be one, plain or gzip. */
export function checkMagic(start: Uint8Array, isUnpacked = false): VcfCheck | null {
  const foreign = foreignFile(start, isUnpacked);
  return foreign === null ? null : { kind: "refused", findings: [], ...foreign };
}

/** Checks the first lines. `complete`: the text is the whole file, so its last line counts too. */
export function checkVcf(text: string, { complete }: { readonly complete: boolean }): VcfCheck {
  const foreign = foreignFile(new TextEncoder().encode(text.slice(0, CHECKED_BYTES)), true);
  if (foreign !== null && (text !== "" || complete)) return refused(foreign, firstLine(text));
  const judged = judgeVcf(text, { complete });
  if (judged.kind === "refused") return refused(judged.refusal, judged.unreadable?.text ?? firstLine(text));
  const { version, columns, records, unreadableRecords, firstUnreadable } = judged;
  const name = version === null ? "VCF without a version" : `VCFv${version}`;
  if (columns === null) return { kind: "fits", findings: [`${name}, a long header`], warnings: [] };
  const samples = Math.max(0, columns - 9);
  const found = genomeOf(judged.metaLines);
  return {
    kind: "fits",
    findings: [
      `${name}, ${formatCountOf(samples, "sample")}, ${formatCountOf(columns, "column")}`,
      `${records === 0 ? "No records found" : formatCountOf(records, "record")}${complete ? "" : " in the first 256\u00a0KB"}`,
      ...(found === undefined ? [] : [`Genome build ${found.genome}, ${found.by}`]),
    ],
    warnings: [
      ...(firstUnreadable === null ? [] : [someUnreadable(unreadableRecords, firstUnreadable)]),
      ...(found === undefined ? [] : genomeWarning(found.genome)),
    ],
  };
}

function firstLine(text: string): string {
  return (/^[^\r\n]*/.exec(text)?.[0] ?? "").slice(0, MAX_SHOWN);
}

/** What the header says of the genome in so many words, else by a length; undefined when it leaves it open. */
function genomeOf(header: readonly string[]): { readonly genome: string; readonly by: string } | undefined {
  const named = new Set(
    header.flatMap((line) => (REFERENCE_LINE.test(line) ? genomesNamed(line).map(({ name }) => name) : [])),
  );
  const [genome] = named;
  if (genome !== undefined) return named.size === 1 ? { genome, by: "named in the header" } : undefined;
  for (const line of header) {
    const contig = /^##contig=<ID=(?:chr)?1,.*?length=(\d+)/i.exec(line);
    const build = contig === null ? undefined : CHR1_BUILDS.get(Number(contig[1]));
    if (build !== undefined) return { genome: build, by: "from the length of chromosome 1" };
  }
  return undefined;
}

function genomeWarning(genome: string): readonly string[] {
  if (genome === "NCBI36")
    return ["For NCBI36 (hg18) the pack that comes with the program has cytobands only, no genes and no ClinVar."];
  if ([...CHR1_BUILDS.values()].includes(genome)) return [];
  return [`The pack that comes with the program does not hold ${genome}: nothing would be annotated.`];
}

function refused({ problem, help }: { readonly problem: string; readonly help: string }, line: string): VcfCheck {
  return { kind: "refused", findings: [], warnings: [], problem, help, line: line.slice(0, MAX_SHOWN) };
}
