import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { bcftoolsVersion } from "@elastic-gas/annotator/engine/consequences";
import { PackManifest } from "@elastic-gas/annotator/pack/manifest";
import { DEFAULT_PACK_DIRECTORY } from "@elastic-gas/annotator/pack/pack";
import type { Growth, Measured, Measurement, MeasureOptions } from "../figures/measurement.ts";
import { type RandomVcf, writeRandomVcf } from "./random-vcf.ts";
import { best, bestOfEngine, megabytes, timesText } from "./timing.ts";

const PLOT = { name: "annotation-growth", title: "Annotation by records, samples and contig lines" };

/**
 * Whole processes on the same records: this engine (genes, regions, bands, ClinVar), and bcftools with the same genes.
 */
export const annotation: Measurement = {
  name: "annotation",
  about: "genes, regions, bands and ClinVar, beside bcftools annotate with a BED of the same genes",
  minutes: 2,
  async measure(options) {
    const folder = mkdtempSync(join(tmpdir(), "annotation-"));
    try {
      const { figures } = await measureGenes(folder, options);
      return { figures, growth: [await measureGrowth(folder, options)] };
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
};

async function measureGenes(folder: string, { quick, say }: MeasureOptions): Promise<Measured> {
  const version = await bcftoolsVersion();
  if (version === null) throw new Error("bcftools is not installed: there is nothing to compare with.");
  const records = quick ? 40_000 : 1_000_000;
  const runs = quick ? 1 : 3;
  const path = (name: string) => join(folder, name);
  await writeRandomVcf(path("in.vcf"), { records });
  writeFileSync(path("genes.bed"), genesAsBed());
  writeFileSync(path("header.txt"), '##INFO=<ID=GENE,Number=.,Type=String,Description="Genes">\n');
  const ours = bestOfEngine(path("in.vcf"), { folder, runs });
  const theirs = best(
    [
      ...["bcftools", "annotate", "-a", path("genes.bed"), "-c", "CHROM,FROM,TO,GENE"],
      ...["-h", path("header.txt"), "-l", "GENE:unique", "-o", path("b.vcf"), path("in.vcf")],
    ],
    runs,
  );
  say(`engine: ${timesText(ours, records)}`);
  say(`bcftools ${version} annotate: ${timesText(theirs, records)}`);
  const what = `annotating ${records.toLocaleString("en-US")} records at the gene level`;
  const baseline = `\`bcftools annotate\` ${version} with a BED of the same genes`;
  return {
    figures: [
      {
        name: "gene-level-wall",
        what: `${what}, wall time of the process`,
        value: ours.wall / theirs.wall,
        unit: "ratio",
        baseline,
        better: "lower",
        asked: 1.2,
      },
      {
        name: "gene-level-cpu",
        what: `${what}, CPU time`,
        value: ours.cpu / theirs.cpu,
        unit: "ratio",
        baseline,
        better: "lower",
      },
      {
        name: "gene-level-memory",
        what: `${what}, memory`,
        value: megabytes(ours.rssBytes),
        unit: "MB",
        baseline: "largest resident size of the process",
        better: "lower",
        asked: 256,
      },
    ],
  };
}

async function measureGrowth(folder: string, { quick, say }: MeasureOptions): Promise<Growth> {
  const small = quick ? 400 : 10_000;
  const sizes = [1, 10, 100];
  const secondsOf = async (label: string, size: number, vcf: RandomVcf): Promise<readonly [number, number]> => {
    const path = join(folder, "growth.vcf");
    await writeRandomVcf(path, vcf);
    const { runSeconds } = bestOfEngine(path, { folder, runs: quick ? 1 : 3 });
    say(`${label}, ${size.toLocaleString("en-US")}: ${runSeconds.toFixed(2)} s`);
    return [size, runSeconds];
  };
  const line = async (label: string, of: (size: number) => readonly [number, RandomVcf]) => {
    const points: (readonly [number, number])[] = [];
    for (const size of sizes) points.push(await secondsOf(label, ...of(size)));
    return { label, points };
  };
  return {
    ...PLOT,
    x: "records, samples or contig lines",
    y: "seconds, without the start of the process",
    lines: [
      await line("records", (size) => [size * small, { records: size * small }]),
      await line("samples", (size) => [size * 10, { records: small, samples: size * 10 }]),
      await line("contigs", (size) => [size * 1_000, { records: small, contigs: size * 1_000 }]),
    ],
  };
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
