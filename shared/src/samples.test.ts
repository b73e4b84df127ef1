import { readdirSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { describe, expect, it } from "vitest";
import { PICTURE_SAMPLES, pictureSamplePath, type Sample, VCF_SAMPLES, vcfSamplePath } from "./samples.ts";

const records = (sample: Sample) =>
  readFileSync(vcfSamplePath(sample), "utf8")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"));

describe("samples", () => {
  it.each([
    { what: "VCF files", samples: VCF_SAMPLES, pathOf: vcfSamplePath, others: [] },
    { what: "pictures", samples: PICTURE_SAMPLES, pathOf: pictureSamplePath, others: ["truth.csv"] },
  ])("list every one of the $what that is there, once", ({ samples, pathOf, others }) => {
    const [first] = samples;
    if (first === undefined) throw new Error("The list is empty.");
    const listed = samples.map(({ file }) => file);
    expect([...listed, ...others].toSorted()).toEqual(readdirSync(dirname(pathOf(first))).toSorted());
  });

  it.each(VCF_SAMPLES.filter(({ description }) => /^\d/.test(description)))(
    "say truly how many variants $file has",
    (sample) => {
      expect(sample.description).toMatch(new RegExp(`^${records(sample).length} known variants`));
    },
  );

  it("say truly how many faces each picture has", () => {
    const [first] = PICTURE_SAMPLES;
    const truth = first ? readFileSync(`${dirname(pictureSamplePath(first))}/truth.csv`, "utf8") : "";
    for (const { file, description } of PICTURE_SAMPLES) {
      const faces = /^(\d) faces?/.exec(description)?.[1] ?? "0";
      expect(truth).toMatch(new RegExp(`^${file},${faces},`, "m"));
    }
  });

  it("have genes of all 24 chromosomes and the mitochondrion in the first file", () => {
    const [first] = VCF_SAMPLES;
    const chromosomes = first ? new Set(records(first).map((line) => line.split("\t")[0])) : new Set();
    expect(chromosomes.size).toBe(25);
  });
});
