import { describe, expect, it } from "vitest";
import { growthExponent } from "./growth.ts";
import { measureTicks } from "./measure-ticks.ts";
import { tick } from "./measurement.ts";

describe("a tick", () => {
  it("asks AWS no more often than its pages of instances and its 500s of metrics need", async () => {
    const [small, large] = await measureTicks([10, 2_010], { ticks: 1 });
    expect(small?.calls).toMatchObject({ DescribeInstances: 1, DescribeTargetHealth: 1 });
    // Four metrics of the balancer and one of each worker; one call more for the annotators' queue.
    expect(small?.calls.GetMetricData).toBe(1 + 1);
    expect(large?.calls).toMatchObject({ DescribeInstances: 3, DescribeTargetHealth: 1 });
    expect(large?.calls.GetMetricData).toBe(Math.ceil((2_010 + 4) / 500) + 1);
    const others = ({ DescribeInstances: _, GetMetricData: __, PutMetricData: ___, ...rest }: Record<string, number>) =>
      rest;
    expect(others(large?.calls ?? {})).toEqual(others(small?.calls ?? {}));
  }, 180_000);
});

describe("the growth law", () => {
  it("finds the exponent", () => {
    const law = (k: number) => [10, 100, 1_000].map((x) => [x, 3 * x ** k] as const);
    expect(growthExponent(law(1))).toBeCloseTo(1);
    expect(growthExponent(law(2))).toBeCloseTo(2);
    expect(growthExponent(law(0))).toBeCloseTo(0);
  });
});

it("gives figures and the growth of a tick", async () => {
  const { figures, growth } = await tick.measure({ quick: true, say: () => undefined });
  expect(figures.map(({ name }) => name)).toEqual([
    "tick-cpu-growth",
    "tick-cpu-by-sdk",
    "tick-cpu",
    "tick-time",
    "tick-memory",
  ]);
  for (const { name, value } of figures) expect(value, name).toBeGreaterThan(0);
  expect(growth?.[0]?.lines[0]?.points.map(([workers]) => workers)).toEqual([10, 100]);
}, 180_000);
