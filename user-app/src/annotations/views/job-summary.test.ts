import type { JobSummary } from "@elastic-gas/shared/jobs/summary";
import { renderHtml } from "@elastic-gas/shared/web/render-html";
import { expect, it } from "vitest";
import { jobSummary } from "./job-summary.ts";

const EMPTY: JobSummary = {
  pack: "a pack",
  build: "unknown",
  buildReason: "The file has no records.",
  records: 0,
  inGenes: 0,
  clinvarPathogenic: 0,
  tiTv: null,
  transitions: 0,
  transversions: 0,
  unmatchedRecords: 0,
  unmatchedContigs: [],
  chromosomes: [],
  regions: [],
  classes: [],
  substitutions: [
    { name: "C>A", count: 0 },
    { name: "C>T", count: 0 },
  ],
  indelLengths: [],
  topGenes: [],
  warnings: [],
  firstRecords: [],
  durationMs: 1,
};

it("has words in place of charts in which nothing could be seen", () => {
  const page = renderHtml(jobSummary(EMPTY));
  expect(page).toContain("The file has no records.");
  expect(page).toContain("The file has no substitutions.");
  expect(page).not.toContain("data-chart");
  const some = { ...EMPTY, records: 1, chromosomes: [{ name: "chr9", count: 1 }] };
  const [first, ...others] = renderHtml(jobSummary(some)).split("data-chart=").slice(1);
  expect(first).toMatch(/^"chromosomes"/);
  expect(others).toEqual([]);
});
