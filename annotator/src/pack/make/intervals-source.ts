import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { BlockWriter } from "./block-writer.ts";
import { SourceError, SourceFile } from "./source-file.ts";
import { contigNames, noChromosome, type Part, type Target } from "./target.ts";

export interface NamedBed {
  readonly name: string;
  readonly path: string;
}

export interface Interval {
  /** 1-based, both ends included. */
  readonly first: number;
  readonly last: number;
  readonly name: string;
}

/**
 * Lays the stretches of BED files over one another: one track that tells the names at any position. Throws SourceError.
 */
export async function makeIntervals(target: Target, beds: readonly NamedBed[]): Promise<Part> {
  const contigs = [...target.lengths.keys()];
  const writer = await BlockWriter.open(target.directory, `${target.stem}-intervals`);
  const sources: Part["sources"][number][] = [];
  // BED files come in any order; sort works on disk when they are large.
  const sorter = spawn("sort", ["-t", "\t", "-k1,1n", "-k2,2n", "-k3,3n", "-k4,4", "-T", target.directory], {
    stdio: ["pipe", "pipe", "inherit"],
    env: { PATH: process.env.PATH, LC_ALL: "C" },
  });
  const ended = once(sorter, "close");
  const laid = layIntervals(createInterface({ input: sorter.stdout }), { contigs, writer });
  try {
    for (const { name, path } of beds) {
      const file = new SourceFile(path);
      const { title } = await readBed(file, {
        target,
        name,
        contigs,
        write: (rows) => sorter.stdin.write(rows) || once(sorter.stdin, "drain"),
      });
      sources.push({
        file: file.name,
        from: file.name,
        version: "",
        licence: "see the source",
        sha256: file.sha256(),
        note: "",
        name,
        release: title,
        date: "",
        kinds: ["intervals"],
        builds: [target.build],
      });
    }
  } finally {
    sorter.stdin.end();
  }
  await laid;
  const [code] = await ended;
  if (code !== 0) throw new SourceError(`sort ended with ${code}. Is there room in ${target.directory}?`);
  const { files, members } = await writer.close();
  return {
    files: { intervals: files },
    members: { intervals: members },
    sources,
    counts: { intervals: writer.rows },
    notes: [],
  };
}

interface BedReading {
  readonly target: Target;
  readonly name: string;
  readonly contigs: readonly string[];
  readonly write: (rows: string) => unknown;
}

async function readBed(
  file: SourceFile,
  { target, name, contigs, write }: BedReading,
): Promise<{ readonly title: string }> {
  const contigOf = contigNames(target, file);
  let firstOther: { name: string; line: number } | null = null;
  let [title, found] = ["", 0];
  for await (const { lines, first } of file.lines()) {
    let rows = "";
    for (const [index, line] of lines.entries()) {
      const number = first + index;
      if (line.trim() === "" || /^(?:#|browser\b)/.test(line)) continue;
      if (/^track\b/.test(line)) {
        title = /\bdescription="([^"]*)"/.exec(line)?.[1] ?? /\bname="?([^"\s]+)/.exec(line)?.[1] ?? "";
        continue;
      }
      const [chrom = "", start = "", end = "", feature = ""] = line.split(line.includes("\t") ? "\t" : /\s+/, 4);
      if (end === "")
        throw file.problem(
          number,
          "the line has less than 3 columns.",
          "BED needs chromosome, start and end, with tabs between them.",
        );
      if (!/^\d+$/.test(start) || !/^\d+$/.test(end) || Number(end) < Number(start))
        throw file.problem(
          number,
          `"${start}" to "${end}" is no stretch.`,
          "Start and end are whole numbers, the start first and counted from 0.",
        );
      const contig = contigOf(chrom, number);
      if (contig === null) {
        firstOther ??= { name: chrom, line: number };
        continue;
      }
      if (Number(end) > (target.lengths.get(contig) ?? 0))
        throw file.problem(
          number,
          `${end} lies beyond the end of chromosome ${contig} of ${target.build}.`,
          `Is the file of another build? Take the one for ${target.build}.`,
        );
      if (Number(end) === Number(start)) continue;
      found += 1;
      const own = /^[.]?$/.test(feature) ? name : `${name}:${feature}`;
      rows += `${contigs.indexOf(contig)}\t${Number(start) + 1}\t${Number(end)}\t${own.replaceAll(",", "_")}\n`;
    }
    await write(rows);
  }
  if (found === 0)
    throw firstOther === null
      ? file.problem(1, "there is no stretch.", "Is it a BED file?")
      : noChromosome(file, target, firstOther);
  return { title };
}

async function layIntervals(
  rows: AsyncIterable<string>,
  { contigs, writer }: { contigs: readonly string[]; writer: BlockWriter },
): Promise<void> {
  let contig = "";
  let overlay = new IntervalOverlay();
  const put = (pieces: readonly Interval[]) => {
    for (const { first, last, name } of pieces) writer.put(first, `${first}\t${last}\t${name}`);
    writer.reach(Number.POSITIVE_INFINITY);
  };
  for await (const row of rows) {
    const [number = "", first = "", last = "", name = ""] = row.split("\t");
    const own = contigs[Number(number)] ?? "";
    if (own !== contig) {
      put(overlay.finish());
      overlay = new IntervalOverlay();
      contig = own;
      writer.begin(own);
    }
    put(overlay.add({ first: Number(first), last: Number(last), name }));
    await writer.settle();
  }
  put(overlay.finish());
}

/**
 * Cuts stretches that come sorted by their start, and may overlap, into pieces that do not: each with the names of all
 * that hold it, joined by commas.
 */
export class IntervalOverlay {
  #open: Interval[] = [];
  #cursor = 1;

  /** The pieces that no later stretch can change. */
  add(interval: Interval): Interval[] {
    const pieces = this.#advance(interval.first);
    this.#cursor = interval.first;
    this.#open.push(interval);
    return pieces;
  }

  finish(): Interval[] {
    return this.#advance(Number.POSITIVE_INFINITY);
  }

  #advance(to: number): Interval[] {
    const pieces: Interval[] = [];
    while (this.#open.length > 0 && this.#cursor < to) {
      const end = this.#open.reduce((least, { last }) => Math.min(least, last + 1), to);
      if (end > this.#cursor) {
        const names = [...new Set(this.#open.map(({ name }) => name))].sort();
        pieces.push({ first: this.#cursor, last: end - 1, name: names.join(",") });
      }
      this.#cursor = end;
      this.#open = this.#open.filter(({ last }) => last >= end);
    }
    return pieces;
  }
}
