import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isStatistic, merge, statisticOf, summaryOf, summaryOfStatistics } from "./summary.ts";

const values = fc.array(fc.double({ min: 0.001, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 400 });
const summaryOfValues = (numbers: readonly number[]) => summaryOf(numbers.map((value) => [value, 1] as const));

describe("a summary", () => {
  it.each([
    ["Average", 4],
    ["Sum", 20],
    ["Minimum", 1],
    ["Maximum", 10],
    ["SampleCount", 5],
    ["p0", 1],
    ["p40", 2],
    ["p50", 3],
    ["p99", 10],
    ["p100", 10],
  ] as const)("tells %s", (statistic, expected) => {
    expect(
      statisticOf(
        summaryOf([
          [10, 1],
          [1, 1],
          [3, 1],
          [2, 1],
          [4, 1],
        ]),
        statistic,
      ),
    ).toBe(expected);
  });

  it("weighs values by their counts", () => {
    const summary = summaryOf([
      [1, 9],
      [100, 1],
    ]);
    expect(statisticOf(summary, "p90")).toBe(1);
    expect(statisticOf(summary, "p91")).toBe(100);
    expect(statisticOf(summary, "Average")).toBeCloseTo(10.9);
  });

  it("knows percentiles of a statistic set only when all its values are the same", () => {
    expect(statisticOf(summaryOfStatistics({ count: 4, sum: 10, min: 1, max: 4 }), "p50")).toBeNull();
    expect(statisticOf(summaryOfStatistics({ count: 4, sum: 8, min: 2, max: 2 }), "p50")).toBe(2);
  });

  it("is the same whether values came together or in parts", () => {
    fc.assert(
      fc.property(values, values, (a, b) => {
        const parts = merge(summaryOfValues(a), summaryOfValues(b));
        const whole = summaryOfValues([...a, ...b]);
        expect(parts.sum).toBeCloseTo(whole.sum, 3);
        expect([parts.count, parts.min, parts.max]).toEqual([whole.count, whole.min, whole.max]);
      }),
    );
  });

  it("keeps percentiles within 2 % of the exact ones however many values it took", () => {
    fc.assert(
      fc.property(values, fc.integer({ min: 1, max: 100 }), (numbers, percent) => {
        const halves = merge(summaryOfValues(numbers), summaryOfValues(numbers));
        const sorted = [...numbers].sort((a, b) => a - b);
        const exact = sorted[Math.ceil((percent / 100) * sorted.length) - 1] ?? 0;
        const told = statisticOf(halves, `p${percent}`) ?? 0;
        expect(Math.abs(told - exact)).toBeLessThanOrEqual(0.021 * exact);
      }),
    );
  });
});

it("knows the names of statistics", () => {
  expect(["Average", "p99", "p99.9", "p100"].every(isStatistic)).toBe(true);
  expect(["average", "p101", "tm99", "p", ""].some(isStatistic)).toBe(false);
});
