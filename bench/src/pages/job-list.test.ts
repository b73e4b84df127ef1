import { expect, it } from "vitest";
import { jobList } from "./job-list.ts";

it("measures the list of jobs, whose pages all read the same few rows", async () => {
  const { figures, growth = [] } = await jobList.measure({ quick: true, say: () => {} });
  expect(figures.map(({ name }) => name)).toEqual([
    "job-list-page-apart",
    "job-list-page-last",
    "job-list-api-apart",
    "job-list-api-last",
    "job-list-reads",
  ]);
  expect(figures.every(({ value }) => Number.isFinite(value))).toBe(true);
  // 50 jobs and the next one, each counted up to four times.
  expect(figures.find(({ name }) => name === "job-list-reads")?.value).toBeLessThanOrEqual(4 * 55);
  expect(growth.map(({ lines }) => lines.map(({ points }) => points.length))).toEqual([[3, 3, 3, 3, 3]]);
});
