import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { readOptions } from "../options.ts";
import { costLines, estimateMonth, totalOf } from "./prices.ts";

const options = readOptions({});

it("counts a month with 1, 4 and 8 web workers", () => {
  const [one = 0, four = 0, eight = 0] = [1, 4, 8].map((size) => totalOf(estimateMonth(options, size)) ?? 0);
  // t3.small: 730 h at $0.0208, a disk of 20 GB, seven metrics by the minute and one of its own.
  const worker = 730 * 0.0208 + 20 * 0.08 + 2.1 + 0.3;
  expect(four - one).toBeCloseTo(3 * worker);
  expect(eight - four).toBeCloseTo(4 * worker);
  expect(one).toBeGreaterThan(150);
  expect(one).toBeLessThan(250);
});

it("doubles the database with a standby", () => {
  const of = (multi: string) =>
    estimateMonth(readOptions({ DATABASE_MULTI_AZ: multi }), 1).find(({ what }) => what.startsWith("database"))
      ?.dollars ?? 0;
  expect(of("true")).toBeCloseTo(2 * of("false"));
});

it("says when a type is not in the table, rather than that it costs nothing", () => {
  const unknown = readOptions({ WORKER_INSTANCE_TYPE: "u7i-12tb.224xlarge" });
  expect(totalOf(estimateMonth(unknown, 1))).toBeNull();
  expect(costLines(unknown).join("\n")).toContain("not in the table");
});

it("prints a line for each part and the total", () => {
  expect(costLines(options).at(-1)).toMatch(/^ {2}total +\$\d+ +\$\d+ +\$\d+$/);
  expect(costLines(options)).toHaveLength(9);
});

it("prints columns that add up to their totals, and docs/aws.md has the same numbers", () => {
  const amounts = (line: string) => [...line.matchAll(/\$(\d+)/g)].map(([, digits]) => Number(digits));
  const printed = costLines(options)
    .map(amounts)
    .filter((row) => row.length === 3);
  const total = printed.at(-1);
  const sums = [0, 1, 2].map((column) => printed.slice(0, -1).reduce((sum, row) => sum + (row[column] ?? 0), 0));
  expect(total).toEqual(sums);
  const page = readFileSync(new URL("../../../docs/aws.md", import.meta.url), "utf8");
  const table = page.slice(page.indexOf("## What a month costs"), page.indexOf("## How AWS behaves"));
  expect(
    table
      .split("\n")
      .filter((line) => line.startsWith("|"))
      .map(amounts)
      .filter((row) => row.length === 3),
  ).toEqual(printed);
});

it("adds a second region up in docs/regions.md, with the prices of this table", () => {
  const page = readFileSync(new URL("../../../docs/regions.md", import.meta.url), "utf8");
  const rows = page
    .slice(page.indexOf("## What it would cost"), page.indexOf("## What to do first"))
    .split("\n")
    .filter((line) => line.startsWith("| ") && line.includes("$"))
    .map((line) => line.split("|").slice(1, -1))
    .map(([what = "", ...cells]) => ({
      what: what.trim(),
      dollars: cells.map((cell) => Number(/\$(\d+)/.exec(cell)?.[1])),
    }));
  const ofTotal = rows.at(-1)?.dollars;
  expect(ofTotal).toEqual(
    [0, 1, 2].map((column) => rows.slice(0, -1).reduce((sum, row) => sum + (row.dollars[column] ?? 0), 0)),
  );
  const month = estimateMonth(options, 1);
  const rounded = (what: string) => Math.round(month.find((line) => line.what.startsWith(what))?.dollars ?? Number.NaN);
  const inBoth = (what: string) => rows.find((row) => row.what.startsWith(what))?.dollars.at(-1);
  for (const what of ["database", "load balancer", "NAT gateway", "manager", "metrics"])
    expect(inBoth(what)).toBe(rounded(what));
  expect(inBoth("workers")).toBe(rounded("4 workers"));
  expect(inBoth("the first region")).toBe(month.reduce((sum, { dollars }) => sum + Math.round(dollars ?? 0), 0));
});
