import { open, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { SourceFile } from "./source-file.ts";
import {
  checkGenome,
  contigNames,
  noChromosome,
  otherBuildOfLength,
  otherGenome,
  type Part,
  type Target,
} from "./target.ts";

const LINE_BASES = 100;
const WRITE_CHARACTERS = 1 << 20;

interface Written {
  readonly name: string;
  readonly line: number;
  readonly length: number;
  /** Where its first base lies in the pack's file. */
  readonly offset: number;
}

/**
 * Copies the chromosomes of a FASTA under the pack's names, uncompressed and in lines of one length, with the index of
 * `samtools faidx`: bcftools and our own reader both take it. Throws SourceError.
 */
export async function makeSequence(target: Target, path: string): Promise<Part> {
  const file = new SourceFile(path);
  const name = `${target.stem}-reference.fa`;
  const written = await copy(target, file, join(target.directory, name));
  const index = written.map(({ name: contig, length, offset }) =>
    [contig, length, offset, LINE_BASES, LINE_BASES + 1].join("\t"),
  );
  await writeFile(join(target.directory, `${name}.fai`), `${index.join("\n")}\n`);
  const notes = written.flatMap(({ name: contig, line, length }) => {
    const expected = target.lengths.get(contig) ?? 0;
    const other = otherBuildOfLength({ ...target, canonical: contig, length });
    const text = `chromosome ${contig} with ${length} bases`;
    if (other !== undefined) throw otherGenome(file, line, { genome: other, build: target.build, text });
    if (length > expected)
      throw file.problem(
        line,
        `chromosome ${contig} has ${length} bases, ${target.build} has ${expected}.`,
        "Is it of another build?",
      );
    return length === expected
      ? []
      : [
          `${path}: chromosome ${contig} has only ${length.toLocaleString("en-US")} of ${expected.toLocaleString("en-US")} bases: the rest is not looked up.`,
        ];
  });
  return {
    files: {},
    members: {},
    fasta: name,
    sources: [
      {
        file: file.name,
        from: "",
        version: "",
        licence: "public domain",
        sha256: file.sha256(),
        note: "",
        name: "Reference sequence",
        release: file.name.replace(/\.(?:fa|fna|fasta)?(?:\.gz)?$/i, ""),
        date: "",
        kinds: ["sequence"],
        builds: [target.build],
      },
    ],
    counts: { sequences: written.length, bases: written.reduce((sum, { length }) => sum + length, 0) },
    notes,
  };
}

async function copy(target: Target, file: SourceFile, path: string): Promise<Written[]> {
  const contigOf = contigNames(target, file);
  const written: Written[] = [];
  let firstOther: { name: string; line: number } | null = null;
  let current: { name: string; line: number; length: number; offset: number } | null = null;
  let [text, carry, offset, isBefore] = ["", "", 0, true];
  const add = (piece: string) => {
    text += piece;
    offset += piece.length;
  };
  const finish = () => {
    if (current === null) return;
    if (carry !== "") add(`${carry}\n`);
    carry = "";
    written.push(current);
    current = null;
  };
  await using output = await open(path, "w");
  for await (const { lines, first } of file.lines()) {
    for (const [index, line] of lines.entries()) {
      const number = first + index;
      if (line.startsWith(">")) {
        finish();
        isBefore = false;
        const name = line.slice(1).split(/\s/, 1)[0] ?? "";
        const contig = contigOf(name, number);
        if (contig === null) {
          firstOther ??= { name, line: number };
          continue;
        }
        checkGenome(line, number, { target, file });
        if (written.some(({ name: other }) => other === contig))
          throw file.problem(
            number,
            `chromosome ${contig} comes twice.`,
            "Take a FASTA with one sequence for each chromosome.",
          );
        add(`>${contig}\n`);
        current = { name: contig, line: number, length: 0, offset };
      } else if (isBefore && line !== "") {
        throw file.problem(number, "a FASTA begins with a line that starts with >.", "Is it another kind of file?");
      } else if (current !== null) {
        if (!/^[A-Za-z*-]*$/.test(line))
          throw file.problem(number, `"${line.slice(0, 30)}" is not a sequence of bases.`, "Download the file again.");
        current.length += line.length;
        carry += line;
        let from = 0;
        for (; carry.length - from >= LINE_BASES; from += LINE_BASES) add(`${carry.slice(from, from + LINE_BASES)}\n`);
        carry = carry.slice(from);
      }
    }
    if (text.length >= WRITE_CHARACTERS) {
      await output.appendFile(text, "latin1");
      text = "";
    }
  }
  finish();
  await output.appendFile(text, "latin1");
  if (written.length === 0 && firstOther !== null) throw noChromosome(file, target, firstOther);
  return written;
}
