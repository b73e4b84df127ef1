import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { VCF_SAMPLES, vcfSamplePath } from "@elastic-gas/shared/samples";
import { REFUSALS } from "@elastic-gas/shared/vcf/foreign-file";
import { expect, it, onTestFinished } from "vitest";
import { openPack } from "../pack/pack.ts";
import { runEngine } from "./engine.ts";

const pack = openPack();

async function annotate(file: string) {
  const sample = VCF_SAMPLES.find((candidate) => candidate.file === file);
  if (sample === undefined) throw new Error(`There is no sample ${file}.`);
  const workDirectory = await mkdtemp(join(tmpdir(), "samples-"));
  onTestFinished(() => rm(workDirectory, { recursive: true }));
  const outputPath = join(workDirectory, "out");
  const logPath = join(workDirectory, "log");
  const run = {
    inputPath: vcfSamplePath(sample),
    outputPath,
    logPath,
    workDirectory,
    fileName: file,
    pack,
    build: null,
  };
  const summary = await runEngine(run);
  const lines = (await readFile(outputPath, "latin1"))
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"));
  return { summary, lines };
}

it.each([
  { file: "grch38.vcf", build: "GRCh38", records: 82, genes: 81, clinvar: 67 },
  { file: "grch37.vcf", build: "GRCh37", records: 34, genes: 33, clinvar: 17 },
  { file: "ncbi36.vcf", build: "NCBI36", records: 12, genes: 0, clinvar: 0 },
])(
  "finds $genes genes and $clinvar ClinVar variants in the sample $file",
  async ({ file, build, records, genes, clinvar }) => {
    const { summary, lines } = await annotate(file);
    expect(summary.build).toBe(build);
    expect(lines).toHaveLength(records);
    expect(lines.filter((line) => line.includes("GAS_GENE="))).toHaveLength(genes);
    expect(lines.filter((line) => line.includes("CLINVAR"))).toHaveLength(clinvar);
  },
);

it("says what is wrong with the sample that fails", async () => {
  await expect(annotate("no-header-line.vcf")).rejects.toThrow(REFUSALS.noChromLine.problem);
});
