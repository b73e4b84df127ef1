import { createReadStream, createWriteStream, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";

import { runEngine } from "@elastic-gas/annotator/engine/engine";
import { openPack } from "@elastic-gas/annotator/pack/pack";
import { lineBlocks } from "@elastic-gas/annotator/vcf/lines";

// `npm run annotation --workspace bench`: records per second of the engine, and how many times longer it takes than only copying the file line by line.

const RECORDS = 500_000;
const CHROMOSOMES: readonly (readonly [string, number])[] = [
  ["1", 248_956_422],
  ["7", 159_345_973],
  ["17", 83_257_441],
  ["X", 156_040_895],
];
const BASES = "ACGT";

const directory = mkdtempSync(join(tmpdir(), "annotator-benchmark-"));
try {
  const inputPath = join(directory, "in.vcf");
  writeFileSync(inputPath, randomVcf());
  const copySeconds = await seconds(() => pipeline(copied(inputPath), createWriteStream(join(directory, "copy"))));
  const engineSeconds = await seconds(() =>
    runEngine({
      inputPath,
      outputPath: join(directory, "out.vcf"),
      logPath: join(directory, "log"),
      workDirectory: directory,
      fileName: "in.vcf",
      pack: openPack(),
      build: "GRCh38",
    }),
  );
  const rate = Math.round(RECORDS / engineSeconds).toLocaleString("en-US");
  const memory = Math.round(process.resourceUsage().maxRSS / 1_024);
  console.log(
    `${rate} records/s, ${(engineSeconds / copySeconds).toFixed(1)} times a copy by lines, ${memory} MB at most`,
  );
} finally {
  rmSync(directory, { recursive: true });
}

function randomVcf(): string {
  // A small generator with a fixed seed, so that runs can be compared (Park and Miller, 1988).
  let state = 20_261_120;
  const random = (below: number) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
  const lines = ["##fileformat=VCFv4.2", "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tSAMPLE"];
  for (const [name, length] of CHROMOSOMES) {
    const positions = Int32Array.from({ length: RECORDS / CHROMOSOMES.length }, () => 1 + random(length)).sort();
    for (const pos of positions) {
      const ref = random(4);
      const alt = (ref + 1 + random(3)) % 4;
      lines.push(`chr${name}\t${pos}\t.\t${BASES[ref]}\t${BASES[alt]}\t50\tPASS\tAC=1;AN=2;DP=33\tGT:DP\t0/1:33`);
    }
  }
  return `${lines.join("\n")}\n`;
}

async function* copied(path: string): AsyncGenerator<Buffer> {
  for await (const block of lineBlocks(createReadStream(path, { highWaterMark: 1 << 19 }))) {
    yield Buffer.from(block.toString("latin1").split("\n").join("\n"), "latin1");
  }
}

async function seconds(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return (performance.now() - startedAt) / 1_000;
}
