import type { SourceFile } from "./source-file.ts";
import { checkGenome, contigNames, noChromosome, type Target } from "./target.ts";

/** A record of a source's VCF. */
export interface Site {
  readonly line: number;
  /** As the pack names it. */
  readonly contig: string;
  readonly pos: number;
  readonly id: string;
  /** Upper case, as are `alts`. */
  readonly ref: string;
  readonly alts: readonly string[];
  readonly filter: string;
  readonly info: string;
}

export interface SiteReading {
  readonly target: Target;
  /** Takes the header's lines before #CHROM; throws when they are not those of the source. */
  readonly onHeader: (lines: readonly string[], line: number) => void;
  /** A chromosome begins. */
  readonly onContig: (contig: string, line: number) => void;
  readonly onSite: (site: Site) => void;
  /** After some sites. */
  readonly onPause: () => Promise<void>;
}

const COLUMNS = 8;
const SORT = "Sort it: bcftools sort -O z -o SORTED.vcf.gz FILE";

/**
 * Reads the sites of a sorted VCF. Returns how many records lie on contigs that the pack does not hold. Throws
 * SourceError.
 */
export async function readSites(file: SourceFile, reading: SiteReading): Promise<{ readonly others: number }> {
  const contigOf = contigNames(reading.target, file);
  const header: string[] = [];
  const seen = new Set<string>();
  let firstOther: { name: string; line: number } | null = null;
  let [isHeader, name, contig, last, others] = [true, "", null as string | null, 0, 0];
  for await (const { lines, first } of file.lines()) {
    for (const [index, line] of lines.entries()) {
      const number = first + index;
      if (isHeader) {
        isHeader = takeHeader(line, number, { file, header, reading });
        continue;
      }
      if (line === "") continue;
      const site = readSite(line, number, file);
      if (site.chrom !== name) {
        name = site.chrom;
        contig = contigOf(name, number);
        last = 0;
        if (contig === null) firstOther ??= { name, line: number };
        else {
          if (seen.has(contig)) throw file.problem(number, `records on ${name} come back after others.`, SORT);
          seen.add(contig);
          reading.onContig(contig, number);
        }
      }
      if (contig === null) {
        others += 1;
        continue;
      }
      checkPosition(site.pos, { last, contig, number, file, reading });
      last = site.pos;
      reading.onSite({ ...site, line: number, contig });
    }
    await reading.onPause();
  }
  if (isHeader) throw file.problem(1, "there is no #CHROM line.", "Is it a whole VCF?");
  if (seen.size === 0 && firstOther !== null) throw noChromosome(file, reading.target, firstOther);
  if (seen.size === 0) throw file.problem(header.length + 1, "no record follows the header.", "Download it again.");
  return { others };
}

/** Takes a line of the header; false when it was the last. */
function takeHeader(
  line: string,
  number: number,
  { file, header, reading }: { file: SourceFile; header: string[]; reading: SiteReading },
): boolean {
  if (number === 1 && !line.startsWith("##fileformat=VCF"))
    throw file.problem(1, "a VCF begins with ##fileformat=VCF.", "Is it the VCF, and not its index or another format?");
  if (line.startsWith("##")) {
    if (/^##(?:reference|assembly|contig)=/i.test(line)) checkGenome(line, number, { target: reading.target, file });
    header.push(line);
    return true;
  }
  const columns = line.split("\t", COLUMNS);
  if (!line.startsWith("#CHROM") || columns.length < COLUMNS)
    throw file.problem(
      number,
      line.startsWith("#CHROM")
        ? `the #CHROM line has ${columns.length} of ${COLUMNS} columns.`
        : "a record comes before the #CHROM line.",
      "Is it a whole VCF, with tabs between its columns?",
    );
  reading.onHeader(header, number);
  return false;
}

function readSite(line: string, number: number, file: SourceFile) {
  const columns = line.split("\t", COLUMNS);
  const [chrom = "", position = "", id = "", ref = "", alt = "", , filter = "", info = ""] = columns;
  if (columns.length < COLUMNS)
    throw file.problem(
      number,
      `the record has ${columns.length} of ${COLUMNS} columns.`,
      "Is the file cut? Download it again.",
    );
  if (!/^\d{1,10}$/.test(position))
    throw file.problem(number, `POS is "${position.slice(0, 30)}", not a number.`, "Download the file again.");
  return { chrom, pos: Number(position), id, ref: ref.toUpperCase(), alts: alt.toUpperCase().split(","), filter, info };
}

function checkPosition(
  pos: number,
  {
    last,
    contig,
    number,
    file,
    reading,
  }: { last: number; contig: string; number: number; file: SourceFile; reading: SiteReading },
): void {
  if (pos < last) throw file.problem(number, `position ${pos} comes after ${last}: the file is not sorted.`, SORT);
  const { build, lengths } = reading.target;
  const length = lengths.get(contig) ?? 0;
  if (pos > length)
    throw file.problem(
      number,
      `position ${pos} lies beyond the end of chromosome ${contig} of ${build} (${length} bases).`,
      `Is the file of another build? Take the one for ${build}.`,
    );
}
