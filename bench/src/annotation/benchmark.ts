import { once } from "node:events";
import { createWriteStream, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { bcftoolsVersion } from "@elastic-gas/annotator/engine/consequences";
import { runEngine } from "@elastic-gas/annotator/engine/engine";
import { PackManifest } from "@elastic-gas/annotator/pack/manifest";
import { DEFAULT_PACK_DIRECTORY, openPack } from "@elastic-gas/annotator/pack/pack";
import { best, rate, seconds } from "./timing.ts";

// `npm run annotation --workspace bench`: whole processes on the same million records in one run: this engine (genes,
// regions, bands, ClinVar) and `bcftools annotate` with a BED of the same genes.

const RECORDS = 1_000_000;
const CHROMOSOMES: readonly (readonly [string, number])[] = [
  ["1", 248_956_422],
  ["7", 159_345_973],
  ["17", 83_257_441],
  ["X", 156_040_895],
];
const BASES = "ACGT";

const [mode, inputPath = "", directory = ""] = process.argv.slice(2);
if (mode === "engine") await annotate(inputPath, directory);
else await compare();

async function compare(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "annotator-benchmark-"));
  try {
    const [vcf, bed, header] = [join(folder, "in.vcf"), join(folder, "genes.bed"), join(folder, "header.txt")];
    await writeRandomVcf(vcf);
    writeFileSync(bed, genesAsBed());
    writeFileSync(header, '##INFO=<ID=GENE,Number=.,Type=String,Description="Genes">\n');
    const engine = [
      process.execPath,
      "--max-old-space-size=112",
      "--max-semi-space-size=4",
      import.meta.filename,
      "engine",
      vcf,
      folder,
    ];
    const bcftools = [
      "bcftools",
      "annotate",
      "-a",
      bed,
      "-c",
      "CHROM,FROM,TO,GENE",
      "-h",
      header,
      "-l",
      "GENE:unique",
      "-o",
      join(folder, "b"),
      vcf,
    ];
    const version = await bcftoolsVersion();
    const [ours, theirs] = [best(engine), version === null ? null : best(bcftools)];
    const { rssBytes } = JSON.parse(readFileSync(join(folder, "memory.json"), "utf8")) as { rssBytes: number }; // written by annotate() below
    console.log(
      `engine: ${seconds(ours.wall)} wall, ${seconds(ours.cpu)} CPU, ${Math.round(rssBytes / 2 ** 20)} MB at most, ${rate(RECORDS, ours.wall)}`,
    );
    if (theirs === null) console.log("bcftools is not installed here: nothing to compare with");
    else {
      console.log(
        `bcftools ${version} annotate: ${seconds(theirs.wall)} wall, ${seconds(theirs.cpu)} CPU, ${rate(RECORDS, theirs.wall)}`,
      );
      console.log(
        `engine / bcftools: ${(ours.wall / theirs.wall).toFixed(2)} of the wall time, ${(ours.cpu / theirs.cpu).toFixed(2)} of the CPU time (asked: at most 2)`,
      );
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function annotate(path: string, folder: string): Promise<void> {
  await runEngine({
    inputPath: path,
    outputPath: join(folder, "out.vcf"),
    logPath: join(folder, "log"),
    workDirectory: folder,
    fileName: "in.vcf",
    pack: openPack(),
    build: null,
  });
  writeFileSync(join(folder, "memory.json"), JSON.stringify({ rssBytes: process.resourceUsage().maxRSS * 1_024 }));
}

async function writeRandomVcf(path: string): Promise<void> {
  // A small generator with a fixed seed, so that runs can be compared (Park and Miller, 1988).
  let state = 20_261_120;
  const random = (below: number) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
  const file = createWriteStream(path);
  const info = ["AC", "AN", "DP"].map((key) => `##INFO=<ID=${key},Number=1,Type=Integer,Description="x">`);
  const format = [
    '##FORMAT=<ID=GT,Number=1,Type=String,Description="x">',
    '##FORMAT=<ID=DP,Number=1,Type=Integer,Description="x">',
  ];
  const contigs = CHROMOSOMES.map(([name, length]) => `##contig=<ID=chr${name},length=${length}>`);
  file.write(
    [
      "##fileformat=VCFv4.2",
      ...contigs,
      ...info,
      ...format,
      "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tSAMPLE\n",
    ].join("\n"),
  );
  for (const [name, length] of CHROMOSOMES) {
    const positions = Int32Array.from({ length: RECORDS / CHROMOSOMES.length }, () => 1 + random(length)).sort();
    const rows = Array.from(positions, (pos) => {
      const ref = random(4);
      return `chr${name}\t${pos}\t.\t${BASES[ref]}\t${BASES[(ref + 1 + random(3)) % 4]}\t50\tPASS\tAC=1;AN=2;DP=33\tGT:DP\t0/1:33\n`;
    });
    file.write(rows.join(""));
  }
  file.end();
  await once(file, "finish");
}

/** The pack's genes of GRCh38 as BED: 0-based starts. */
function genesAsBed(): string {
  const manifest = PackManifest.parse(JSON.parse(readFileSync(join(DEFAULT_PACK_DIRECTORY, "pack.json"), "utf8")));
  const build = manifest.builds.GRCh38;
  const file = readFileSync(join(DEFAULT_PACK_DIRECTORY, build?.files.genes ?? ""));
  return Object.entries(build?.chromosomes ?? {})
    .flatMap(([name, { genes }]) => {
      if (genes === undefined) return [];
      const lines = gunzipSync(file.subarray(genes[0], genes[0] + genes[1]))
        .toString("utf8")
        .trimEnd()
        .split("\n");
      return lines.map((line) => {
        const [start, end, symbol] = line.split("\t");
        return `chr${name}\t${Number(start) - 1}\t${end}\t${symbol}\n`;
      });
    })
    .join("");
}
