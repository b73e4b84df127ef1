import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { generator } from "./random.ts";

const CHROMOSOMES: readonly (readonly [string, number])[] = [
  ["1", 248_956_422],
  ["7", 159_345_973],
  ["17", 83_257_441],
  ["X", 156_040_895],
];
const BASES = "ACGT";
const SEED = 20_261_120;

export interface RandomVcf {
  readonly records: number;
  readonly samples?: number;
  /** Contig lines in the header beside those of the chromosomes. */
  readonly contigs?: number;
}

/** Sorted single-base variants of GRCh38 over four chromosomes, with genotypes. */
export async function writeRandomVcf(path: string, { records, samples = 1, contigs = 0 }: RandomVcf): Promise<void> {
  const random = generator(SEED);
  const file = createWriteStream(path);
  const genotypes = "\t0/1:33".repeat(samples);
  file.write(header(samples, contigs));
  for (const [name, length] of CHROMOSOMES) {
    const positions = Int32Array.from({ length: records / CHROMOSOMES.length }, () => 1 + random(length)).sort();
    let rows = "";
    for (const pos of positions) {
      const ref = random(4);
      rows += `chr${name}\t${pos}\t.\t${BASES[ref]}\t${BASES[(ref + 1 + random(3)) % 4]}\t50\tPASS\tAC=1;AN=2;DP=33\tGT:DP${genotypes}\n`;
      if (rows.length < 1_000_000) continue;
      if (!file.write(rows)) await once(file, "drain");
      rows = "";
    }
    file.write(rows);
  }
  file.end();
  await once(file, "finish");
}

function header(samples: number, contigs: number): string {
  const describe = (kind: "INFO" | "FORMAT", key: string, type: string) =>
    `##${kind}=<ID=${key},Number=1,Type=${type},Description="x">`;
  return [
    "##fileformat=VCFv4.2",
    ...CHROMOSOMES.map(([name, length]) => `##contig=<ID=chr${name},length=${length}>`),
    ...Array.from({ length: contigs }, (_, number) => `##contig=<ID=scaffold_${number},length=${1_000 + number}>`),
    ...["AC", "AN", "DP"].map((key) => describe("INFO", key, "Integer")),
    describe("FORMAT", "GT", "String"),
    describe("FORMAT", "DP", "Integer"),
    `#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\t${Array.from({ length: samples }, (_, number) => `SAMPLE${number}`).join("\t")}\n`,
  ].join("\n");
}
