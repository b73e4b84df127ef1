import { expect, it } from "vitest";
import type { ChartSnapshot } from "./chart-snapshot.ts";
import { keyOf, tableOf, tableOfWorker } from "./chart-values.ts";

it("begins a chart's table with the first value there is, and keeps the gaps after it", () => {
  const cpu = { start: 0, stepMs: 60_000, values: [null, null, 40, null, 50] };
  const { heads, rows } = tableOf("cpu", { cpu } as Pick<ChartSnapshot, "cpu"> as ChartSnapshot);
  expect(heads).toEqual(["period from", "CPU %"]);
  expect(rows.map(({ cells }) => cells[0])).toEqual([50, null, 40]);
});

it("begins a worker's table with the first value of either chart", () => {
  const series = (values: (number | null)[]) => ({ start: 0, stepMs: 60_000, values });
  const worker = { id: "i-0a", cpu: series([null, null, null, 40]), work: series([null, null, 5, 90]) };
  const snapshot = { workers: [worker], workerMeasure: "requests" } as unknown as ChartSnapshot;
  expect(tableOfWorker("i-0a", snapshot)?.rows.map(({ cells }) => cells)).toEqual([
    [40, 90],
    [null, 5],
  ]);
  const young = { ...worker, cpu: series([null]), work: series([null]) };
  const empty = { ...snapshot, workers: [young] } as unknown as ChartSnapshot;
  expect(tableOfWorker("i-0a", empty)?.rows).toEqual([]);
});

it.each([
  [235.4, "235.4\u00a0ms"],
  [5_765.2, "5.8\u00a0s"],
])("says a response of %s ms as its axis does", (ms, words) => {
  const responseMs = { start: 0, stepMs: 60_000, values: [ms] };
  const snapshot = { traffic: { responseMs, requests: responseMs }, settledUntil: 0 } as unknown as ChartSnapshot;
  expect(keyOf("response", snapshot, null)[0]?.value).toBe(words);
});
