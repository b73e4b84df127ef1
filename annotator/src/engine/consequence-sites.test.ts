import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { Sequence } from "../pack/sequence.ts";
import { writeSites } from "./consequence-sites.ts";
import { bcftoolsVersion } from "./consequences.ts";

const directory = mkdtempSync(join(tmpdir(), "sites-"));
afterAll(() => rmSync(directory, { recursive: true }));

const COLUMNS = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n";

interface Site {
  readonly pos: number;
  readonly ref: string;
  readonly alts: readonly string[];
}

/** The rows that are written for records of contig 9. */
async function rowsFor(text: string, sites: readonly Site[]): Promise<string[][]> {
  const lines = sites.map(({ pos, ref, alts }) => `9\t${pos}\t.\t${ref}\t${alts.join(",")}\t.\t.\t.\n`);
  const bytes = Buffer.from(COLUMNS + lines.join(""), "latin1");
  const sequence = new Sequence(text.length, (index) => text.charCodeAt(index));
  let written = "";
  await writeSites(
    {
      sizeBytes: bytes.length,
      compressed: false,
      async *read() {
        yield bytes;
      },
    },
    {
      columns: 8,
      contigs: new Map([["9", { name: "chr9", length: text.length }]]),
      sequenceOf: () => sequence,
      genesOf: () => null,
      lifted: null,
      isSortedLater: false,
    },
    new Writable({
      write(chunk: Buffer, _, done) {
        written += chunk.toString("latin1");
        done();
      },
    }),
  );
  return rowsOf(written);
}

function rowsOf(vcf: string): string[][] {
  return vcf.split("\n").flatMap((line) => (line === "" || line.startsWith("#") ? [] : [line.split("\t").slice(1, 5)]));
}

/**
 * What `bcftools norm` makes of the same, each ALT in a row of its own. What is not on the genome is left out here:
 * `norm -c x` would do so, but crashes in bcftools 1.21.
 */
function normalised(text: string, sites: readonly Site[]): string[][] {
  const path = join(directory, "norm.fa");
  writeFileSync(path, `>chr9\n${text}\n`);
  writeFileSync(`${path}.fai`, `chr9\t${text.length}\t6\t${text.length}\t${text.length + 1}\n`);
  const rows = sites.flatMap(({ pos, ref, alts }, ordinal) =>
    (text.startsWith(ref, pos - 1) ? alts : []).map(
      (alt, index) => `chr9\t${pos}\t${ordinal}.${index}\t${ref}\t${alt}\t.\t.\t.\n`,
    ),
  );
  const input = `##fileformat=VCFv4.2\n##contig=<ID=chr9,length=${text.length}>\n${COLUMNS}${rows.join("")}`;
  const args = ["norm", "-w", "1000", "-f", path, "-"];
  return rowsOf(execFileSync("bcftools", args, { input, encoding: "latin1", stdio: ["pipe", "pipe", "ignore"] }));
}

/** Few letters make repeats, along which indels move. */
const genome = fc
  .array(fc.string({ unit: fc.constantFrom("A", "C"), minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 6 })
  .chain((units) =>
    fc
      .array(fc.tuple(fc.constantFrom(...units, "G", "ACGT"), fc.integer({ min: 1, max: 12 })), {
        minLength: 4,
        maxLength: 12,
      })
      .map((repeats) => repeats.map(([unit, times]) => unit.repeat(times)).join("")),
  );
const bases = fc.string({ unit: fc.constantFrom("A", "C", "G", "T"), minLength: 1, maxLength: 5 });

/**
 * A genome, and records on it: indels of its own letters, other alleles of any length, some with a REF of their own.
 */
const cases = genome.chain((text) => {
  const place = fc.tuple(fc.nat(text.length - 1), fc.integer({ min: 1, max: 6 }));
  const site = fc.tuple(place, fc.array(bases, { minLength: 1, maxLength: 3 }), fc.nat(5), fc.boolean());
  return fc.record({
    text: fc.constant(text),
    sites: fc.array(site, { minLength: 1, maxLength: 120 }).map((sites) =>
      sites
        .map(([[at, length], others, extra, isIndel], index): Site => {
          const ref = index % 17 === 3 ? (others[0] ?? "A") : text.slice(at, at + length);
          const alts = isIndel
            ? [ref + text.slice(at + length, at + length + extra), ref.charAt(0), ref.slice(extra), ref.charAt(0) + ref]
            : others;
          return { pos: at + 1, ref, alts: [...new Set(alts)].filter((alt) => alt !== "" && alt !== ref) };
        })
        .filter(({ alts }) => alts.length > 0)
        .toSorted((a, b) => a.pos - b.pos),
    ),
  });
});

const ordinalOf = ([, id = ""]: readonly string[]) => Number(id.split(".")[0]);
const inOrder = (rows: readonly string[][]) => rows.map((row) => row.join(" ")).toSorted();

describe.skipIf((await bcftoolsVersion()) === null)("rows for csq (skipped: bcftools is not installed)", () => {
  it("are those of `bcftools norm`, in the order of their positions", async () => {
    await fc.assert(
      fc.asyncProperty(cases, async ({ text, sites }) => {
        const rows = await rowsFor(text, sites);
        expect(rows.map(([pos]) => Number(pos))).toEqual(rows.map(([pos]) => Number(pos)).toSorted((a, b) => a - b));
        const plain = rows.map(([pos = "", id = "", ...alleles]) => [pos, id.replace("<", ""), ...alleles]);
        // A substitution that is read in bytes has no number of its ALT.
        const numbered = plain.map(([pos = "", id = "", ...alleles]) => [
          pos,
          id.includes(".") ? id : `${id}.0`,
          ...alleles,
        ]);
        expect(inOrder(numbered)).toEqual(inOrder(normalised(text, sites)));
        const inTurn = rows.filter(([, id = ""]) => !id.endsWith("<")).map(ordinalOf);
        expect(inTurn).toEqual(inTurn.toSorted((a, b) => a - b));
      }),
      { numRuns: 25 },
    );
  });
});
