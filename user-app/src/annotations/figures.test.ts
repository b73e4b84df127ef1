import type { JobSummary } from "@elastic-gas/shared/jobs/summary";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  bars,
  buildDoubt,
  buildNotice,
  clinvarSentence,
  indelLengths,
  perChromosome,
  summaryFigures,
  warningSentences,
} from "./figures.ts";
import { jobNote } from "./job-words.ts";

test("chromosomes come in their order whatever the file calls them, the rest together", () => {
  const counts = perChromosome([
    { name: "chrM", count: 3 },
    { name: "chr2", count: 5 },
    { name: "2", count: 1 },
    { name: "NC_000023.11", count: 4 },
    { name: "chrUn_KI270742v1", count: 7 },
    { name: "X", count: 2 },
  ]);
  expect(counts.map(({ name }) => name)).toEqual([
    ...Array.from({ length: 22 }, (_, n) => `${n + 1}`),
    "X",
    "Y",
    "MT",
    "other",
  ]);
  expect(Object.fromEntries(counts.map(({ name, count }) => [name, count]))).toMatchObject({
    2: 6,
    X: 6,
    MT: 3,
    Y: 0,
    other: 7,
  });
});

test("no record is lost between chromosomes and bars", () => {
  const names = fc.constantFrom("1", "chr1", "chrX", "MT", "M", "GL000.1", "22", "23");
  fc.assert(
    fc.property(fc.array(fc.record({ name: names, count: fc.nat(1_000) })), (counts) => {
      const sum = (list: readonly { count: number }[]) => list.reduce((all, { count }) => all + count, 0);
      expect(sum(perChromosome(counts))).toBe(sum(counts));
    }),
  );
});

test("the longest bar is 100 %, what is there can be seen, shares are of all", () => {
  expect(
    bars([
      { name: "SNV", count: 999 },
      { name: "deletion", count: 1 },
      { name: "none", count: 0 },
    ]),
  ).toEqual([
    { name: "SNV", count: 999, share: 0.999, percent: 100 },
    { name: "deletion", count: 1, share: 0.001, percent: 0.5 },
    { name: "none", count: 0, share: 0, percent: 0 },
  ]);
});

test("indels beyond ten bases are gathered at the ends", () => {
  const counts = indelLengths([
    { length: -40, count: 2 },
    { length: -10, count: 1 },
    { length: 1, count: 5 },
    { length: 12, count: 4 },
  ]);
  expect(counts).toHaveLength(20);
  expect(counts[0]).toEqual({ name: "\u221210 or more", count: 3 });
  expect(counts.find(({ name }) => name === "+1")).toEqual({ name: "+1", count: 5 });
  expect(counts.at(-1)).toEqual({ name: "+10 or more", count: 4 });
  expect(indelLengths([])).toEqual([]);
});

test("a file with hardly anything in genes raises doubt about its build, a small one does not", () => {
  expect(buildDoubt({ records: 1_000, inGenes: 150, build: "GRCh38" })).toContain("not GRCh38");
  expect(buildDoubt({ records: 1_000, inGenes: 200, build: "GRCh38" })).toBeUndefined();
  expect(buildDoubt({ records: 49, inGenes: 0, build: "GRCh38" })).toBeUndefined();
});

const SUMMARY: JobSummary = {
  pack: "p",
  build: "GRCh38",
  buildReason: "because",
  records: 10,
  inGenes: 4,
  clinvarPathogenic: 0,
  lookedUp: { genes: 10, regions: 10, clinvar: 10 },
  tiTv: 2,
  transitions: 2,
  transversions: 1,
  unmatchedRecords: 0,
  unmatchedContigs: [],
  chromosomes: [],
  regions: [],
  classes: [],
  substitutions: [],
  indelLengths: [],
  topGenes: [],
  warnings: [{ sentence: "2 records are odd.", count: 2 }],
  firstRecords: [],
  durationMs: 1,
};
const DECISION = {
  build: "GRCh38",
  decidedBy: "assumption",
  undecided: true,
  alternatives: ["GRCh37", "NCBI36"],
  warning: "The genome build is not known. GRCh38 was assumed.",
} as const;
const value = (summary: JobSummary, key: string) => summaryFigures(summary).find((figure) => figure.key === key);

test("what was not looked up is n/a, what was and is not there is 0", () => {
  expect(value(SUMMARY, "clinvar")).toMatchObject({ value: "0", note: "" });
  const without = { ...SUMMARY, lookedUp: { genes: 10, regions: 0, clinvar: 0 } };
  expect(value(without, "clinvar")).toMatchObject({
    value: "n/a",
    note: "None of these records could be looked up in the pack’s ClinVar variants.",
  });
  expect(value(without, "inGenes")).toMatchObject({ value: "4", label: "in genes (40.0\u00a0%)" });
  const part = { ...SUMMARY, lookedUp: { genes: 8, regions: 8, clinvar: 3 } };
  expect(value(part, "clinvar")).toMatchObject({ value: "0", note: "of 3 records that could be looked up" });
  expect(value(part, "inGenes")?.label).toBe("in genes (50.0\u00a0%)");
  expect(value({ ...SUMMARY, lookedUp: undefined }, "clinvar")?.value).toBe("0");
});

test("the classes of ClinVar that the pack holds are told", () => {
  expect(clinvarSentence({ clinvarHeld: "ClinVar of 2024", build: "GRCh38" })).toBe("Looked up: ClinVar of 2024.");
  expect(clinvarSentence({ clinvarHeld: null, build: "NCBI36" })).toContain("none was looked up");
  expect(clinvarSentence({ clinvarHeld: null, build: "unknown" })).toBe(
    "Without a build of the pack nothing was looked up in ClinVar.",
  );
  expect(clinvarSentence({ build: "GRCh38" })).toBeUndefined();
});

test("an undecided build stands on top with the builds to try, but none that has cytobands only", () => {
  expect(buildNotice({ buildDecision: { ...DECISION, alternatives: [...DECISION.alternatives] } })).toEqual({
    tone: "warn",
    start: "The genome build is not known.",
    text: "GRCh38 was assumed.",
    alternatives: ["GRCh37"],
  });
  expect(buildNotice({ buildDecision: { ...DECISION, alternatives: [], build: "unknown" } })?.tone).toBe("bad");
  expect(buildNotice({ buildDecision: { ...DECISION, alternatives: [], warning: null } })).toBeUndefined();
  expect(buildNotice({})).toBeUndefined();
});

test("warnings are sentences; those of old jobs get their number", () => {
  expect(warningSentences({ ...SUMMARY, buildDecision: { ...DECISION, alternatives: [] } })).toEqual([
    "2 records are odd.",
  ]);
  expect(warningSentences({ warnings: [{ sentence: "Odd records", count: 2 }] })).toEqual(["Odd records: 2"]);
});

test("a file above the Free plan's limit is offered Premium", () => {
  const note = (sentence: string) => jobNote({ kind: "failed", sentence }, { retentionSeconds: 300, clock: String });
  expect(note("The file unpacks to more than 2.9 MB, the limit of the Free plan. Premium takes more.")).toMatchObject({
    start: "The file unpacks to more than 2.9 MB, the limit of the Free plan.",
    action: { href: "/subscribe" },
  });
  expect(note("The file is empty.")?.action).toBeUndefined();
});
