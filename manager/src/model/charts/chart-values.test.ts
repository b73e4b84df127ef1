import { expect, it } from "vitest";
import type { ChartSnapshot } from "./chart-snapshot.ts";
import { tableOf } from "./chart-values.ts";

it("begins a chart's table with the first value there is, and keeps the gaps after it", () => {
  const cpu = { start: 0, stepMs: 60_000, values: [null, null, 40, null, 50] };
  const { heads, rows } = tableOf("cpu", { cpu } as Pick<ChartSnapshot, "cpu"> as ChartSnapshot);
  expect(heads).toEqual(["period from", "CPU %"]);
  expect(rows.map(({ cells }) => cells[0])).toEqual([50, null, 40]);
});
