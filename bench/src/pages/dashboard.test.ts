import { expect, it } from "vitest";
import { dashboard } from "./dashboard.ts";

it("measures open dashboards, which cost AWS as much as one and read less than whole snapshots", async () => {
  const { figures, growth = [] } = await dashboard.measure({ quick: true, say: () => {} });
  const value = (name: string): number => figures.find((figure) => figure.name === name)?.value ?? Number.NaN;
  expect(figures.map(({ name }) => name)).toEqual([
    "dashboard-p99",
    "dashboard-median",
    "dashboard-aws-calls",
    "dashboard-bytes",
    "dashboard-bytes-of-whole",
    "dashboard-cpu",
  ]);
  expect(figures.every((figure) => Number.isFinite(figure.value))).toBe(true);
  // In so short a time a look more or less is a large share; each viewer's own would be 40 times as many.
  expect(value("dashboard-aws-calls")).toBeLessThan(4);
  expect(value("dashboard-bytes-of-whole")).toBeLessThan(0.5);
  expect(growth.map(({ name, lines }) => [name, lines[0]?.points.length])).toEqual([
    ["dashboard-bytes-by-viewers", 3],
    ["dashboard-cpu-by-viewers", 3],
    ["dashboard-bytes-by-workers", 2],
    ["dashboard-cpu-by-workers", 2],
  ]);
});
