import { parseArgs } from "node:util";
import type { NamedBed } from "./intervals-source.ts";
import { SourceError } from "./source-file.ts";

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

const USAGE = `npm run pack -- --build GRCh38 --out FOLDER [--clinvar FILE] [--dbsnp FILE]... [--frequencies FILE]...
  [--gff FILE] [--fasta FILE] [--bed NAME=FILE]... [--chain FILE]...
Makes an annotation pack from published files; docs/packs.md says where to get them. A folder that holds a pack
for another build keeps it.`;

/** Throws SourceError with what is wrong. */
export function readArguments(args: readonly string[]): PackArguments {
  const text = { type: "string" } as const;
  const list = { type: "string", multiple: true, default: [] as string[] } as const;
  let values: ReturnType<typeof parse>;
  const parse = () =>
    parseArgs({
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
    }).values;
  try {
    values = parse();
  } catch (error) {
    throw new SourceError(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`, { cause: error });
  }
  const { build, out, clinvar, dbsnp, frequencies, gff = null, fasta = null, bed, chain } = values;
  if (build === undefined || out === undefined) throw new SourceError(`--build and --out are needed.\n${USAGE}`);
  const beds = bed.map((each) => {
    const [, name = "", path = ""] = /^([A-Za-z][\w-]*)=(.+)$/.exec(each) ?? [];
    if (path === "")
      throw new SourceError(
        `--bed "${each}" is not NAME=FILE. The name is letters, digits, _ and -, such as miRNA=mirna.bed.`,
      );
    return { name, path };
  });
  if ([clinvar, dbsnp, frequencies, beds, chain].every(({ length }) => length === 0) && gff === null && fasta === null)
    throw new SourceError(`No source is named.\n${USAGE}`);
  return { build, directory: out, clinvar, dbsnp, frequencies, gff, fasta, beds, chains: chain };
}
