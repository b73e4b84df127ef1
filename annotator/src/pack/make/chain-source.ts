import { join } from "node:path";
import { canonicalContig } from "@elastic-gas/shared/vcf/contigs";
import type { PackManifestSource } from "../manifest.ts";
import { type Members, writeMembers } from "./block-writer.ts";
import { SourceFile } from "./source-file.ts";
import { otherBuildOfLength, otherGenome, type Target } from "./target.ts";

export interface ChainPart {
  /** The build that the chain leads from. */
  readonly from: string;
  readonly lift: string;
  readonly members: Members;
  /** The chromosomes of that build as the chain has them. */
  readonly lengths: ReadonlyMap<string, number>;
  readonly source: PackManifestSource;
  readonly blocks: number;
}

/** One side of a chain's header: name, size, strand, start and end. */
interface Side {
  readonly contig: string;
  readonly size: number;
  readonly strand: string;
  readonly start: number;
  readonly end: number;
}

interface Chain {
  readonly line: number;
  readonly from: Side;
  readonly to: Side;
}

/**
 * Reads a chain file of UCSC (hg18ToHg38.over.chain): stretches without a gap from another build to the target's
 * (https://genome.ucsc.edu/goldenPath/help/chain.html). The sizes of its chromosomes tell which build it leads from.
 * Throws SourceError.
 */
export async function makeLift(target: Target, path: string): Promise<ChainPart> {
  const file = new SourceFile(path);
  const rows = new Map<string, { first: number; last: number; text: string }[]>();
  const lengths = new Map<string, number>();
  let chain: Chain | null = null;
  let [from, own, other, blocks] = ["", 0, 0, 0];
  for await (const { lines, first } of file.lines()) {
    for (const [index, line] of lines.entries()) {
      const number = first + index;
      if (line.trim() === "" || line.startsWith("#")) continue;
      if (line.startsWith("chain")) {
        chain = readChain(line, number, file);
        [own, other] = [chain.from.start, chain.to.start];
        if (!target.lengths.has(chain.to.contig)) continue;
        from = buildOf(chain, { target, file, from });
        lengths.set(chain.from.contig, chain.from.size);
        continue;
      }
      const [size = Number.NaN, gap = 0, otherGap = 0] = line.trim().split(/\s+/).map(Number);
      if (
        chain === null ||
        !Number.isSafeInteger(size) ||
        !Number.isSafeInteger(gap) ||
        !Number.isSafeInteger(otherGap)
      )
        throw file.problem(
          number,
          `"${line.slice(0, 40)}" is neither a chain nor a block of one.`,
          "Take an .over.chain file of UCSC.",
        );
      if (own + size > chain.from.end || other + size > chain.to.end)
        throw file.problem(number, "the block reaches beyond the end of its chain.", "Download the file again.");
      if (target.lengths.has(chain.to.contig) && lengths.has(chain.from.contig)) {
        const { contig, size: length, strand } = chain.to;
        const there = strand === "-" ? length - other - size + 1 : other + 1;
        const list = rows.get(chain.from.contig) ?? [];
        rows.set(chain.from.contig, list);
        list.push({ first: own + 1, last: own + size, text: [own + 1, own + size, contig, there, strand].join("\t") });
        blocks += 1;
      }
      own += size + gap;
      other += size + otherGap;
    }
  }
  if (from === "")
    throw file.problem(
      1,
      `no chain leads to a chromosome of ${target.build}.`,
      `Take a file such as hg18ToHg38.over.chain, which leads to ${target.build}.`,
    );
  const lift = `${target.stem}-lift-${from.toLowerCase()}.tsv.gz`;
  const sorted = new Map(
    [...rows].map(([contig, list]) => [contig, list.sort((a, b) => a.first - b.first).map(({ text }) => text)]),
  );
  return {
    from,
    lift,
    lengths,
    blocks,
    members: await writeMembers(join(target.directory, lift), sorted),
    source: {
      file: file.name,
      from: "UCSC",
      version: "",
      licence: "free, see UCSC's conditions",
      sha256: file.sha256(),
      note: "",
      name: `Lift-over from ${from}`,
      release: file.name.replace(/\.gz$/, ""),
      date: "",
      kinds: ["lift"],
      builds: [from],
    },
  };
}

function readChain(line: string, number: number, file: SourceFile): Chain {
  const columns = line.trim().split(/\s+/);
  const side = (at: number): Side => {
    const [name = "", size, strand = "", start, end] = columns.slice(at, at + 5);
    return { contig: canonicalContig(name), size: Number(size), strand, start: Number(start), end: Number(end) };
  };
  const [from, to] = [side(2), side(7)];
  const isWhole = [from, to].every(
    ({ size, strand, start, end }) => /^[+-]$/.test(strand) && [size, start, end].every(Number.isSafeInteger),
  );
  if (columns.length < 12 || !isWhole || from.strand !== "+")
    throw file.problem(number, "the chain has not all of its columns.", "Take an .over.chain file of UCSC.");
  return { line: number, from, to };
}

/** The build that a chain leads from, by the sizes of its chromosomes; it must lead to the target's. */
function buildOf(
  { line, from, to }: Chain,
  { target, file, from: known }: { target: Target; file: SourceFile; from: string },
): string {
  const { build, builds, lengths } = target;
  if (to.size !== lengths.get(to.contig)) {
    const genome = otherBuildOfLength({ builds, build, canonical: to.contig, length: to.size });
    throw genome === undefined
      ? file.problem(
          line,
          `the chain leads to a chromosome ${to.contig} of ${to.size} bases, ${build} has ${lengths.get(to.contig)}.`,
          `Take one that leads to ${build}.`,
        )
      : otherGenome(file, line, { genome, build, text: `a chain to chromosome ${to.contig} of ${to.size} bases` });
  }
  const found = otherBuildOfLength({ builds, build, canonical: from.contig, length: from.size });
  if (found !== undefined) return found;
  if (known !== "") return known;
  throw file.problem(
    line,
    `chromosome ${from.contig} with ${from.size} bases is of no build that is known.`,
    "Take a chain from NCBI36, GRCh37 or T2T-CHM13.",
  );
}
