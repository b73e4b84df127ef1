import { parseCommandLine, UsageError } from "@elastic-gas/shared/command-line";
import { genomeCalled } from "@elastic-gas/shared/vcf/genomes";
import type { NamedBed } from "./intervals-source.ts";

export interface PackArguments {
  readonly build: string;
  readonly directory: string;
  readonly clinvar: readonly string[];
  readonly dbsnp: readonly string[];
  readonly frequencies: readonly string[];
  readonly gff: string | null;
  readonly fasta: string | null;
  readonly beds: readonly NamedBed[];
  readonly chains: readonly string[];
}

export const USAGE = `npm run pack -- --build GRCh38 --out FOLDER [--clinvar FILE] [--dbsnp FILE]...
  [--frequencies FILE]... [--gff FILE] [--fasta FILE] [--bed NAME=FILE]... [--chain FILE]...
Makes an annotation pack from published files; docs/packs.md says where to get them. A folder that holds a pack
for another build keeps it.`;

/** Throws UsageError. */
export function readArguments(args: readonly string[]): PackArguments {
  const text = { type: "string" } as const;
  const list = { type: "string", multiple: true, default: [] as string[] } as const;
  const { values } = parseCommandLine({
    args: [...args],
    options: {
      build: text,
      out: text,
      clinvar: list,
      dbsnp: list,
      frequencies: list,
      gff: text,
      fasta: text,
      bed: list,
      chain: list,
    },
  });
  const { build, out, clinvar, dbsnp, frequencies, gff = null, fasta = null, bed, chain } = values;
  if (build === undefined || out === undefined) throw new UsageError("--build and --out are needed.");
  const beds = bed.map((each) => {
    const [, name = "", path = ""] = /^([A-Za-z][\w-]*)=(.+)$/.exec(each) ?? [];
    if (path === "")
      throw new UsageError(
        `--bed "${each}" is not NAME=FILE. The name is letters, digits, _ and -, such as miRNA=mirna.bed.`,
      );
    return { name, path };
  });
  if ([clinvar, dbsnp, frequencies, beds, chain].every(({ length }) => length === 0) && gff === null && fasta === null)
    throw new UsageError("No source is named.");
  return {
    build: genomeCalled(build) ?? build,
    directory: out,
    clinvar,
    dbsnp,
    frequencies,
    gff,
    fasta,
    beds,
    chains: chain,
  };
}
