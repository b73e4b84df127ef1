import { expect, it } from "vitest";
import { growthPlot, spread } from "./growth-plot.ts";

const GROWTH = {
  name: "growth",
  title: "CPU & size",
  x: "records",
  y: "CPU seconds",
  lines: [
    {
      label: "linear",
      points: [
        [10, 0.1],
        [100, 1],
        [1_000, 10],
      ],
    },
    {
      label: "root",
      points: [
        [10, 1],
        [1_000, 10],
      ],
    },
  ],
} as const;

function placesOf(svg: string): readonly (readonly (readonly number[])[])[] {
  return [...svg.matchAll(/points="([^"]+)"/g)].map(([, text = ""]) =>
    text.split(" ").map((place) => place.split(",").map(Number)),
  );
}

it("draws a power of the size as a straight line, twice as steep for twice the exponent", () => {
  const [linear = [], root = []] = placesOf(growthPlot(GROWTH));
  const slope = (from: readonly number[] = [], to: readonly number[] = []) =>
    ((to[1] ?? Number.NaN) - (from[1] ?? Number.NaN)) / ((to[0] ?? Number.NaN) - (from[0] ?? Number.NaN));
  expect(slope(linear[0], linear[1])).toBeCloseTo(slope(linear[1], linear[2]), 5);
  expect(slope(linear[0], linear[2])).toBeCloseTo(2 * slope(root[0], root[1]), 5);
});

it("writes powers of ten on both axes, and names both", () => {
  const texts = [...growthPlot(GROWTH).matchAll(/<text[^>]*>([^<]*)</g)].map(([, text]) => text);
  expect(texts).toEqual(expect.arrayContaining(["CPU &amp; size", "10", "100", "1,000", "0.1", "1", "records"]));
});

it("keeps labels apart whose lines end at the same place, in the order of the lines", () => {
  const labels = [...growthPlot(GROWTH).matchAll(/<text[^>]*y="([^"]+)"[^>]*>(linear|root)</g)];
  const [linear = 0, root = 0] = labels.map(([, y]) => Number(y));
  expect(Math.abs(linear - root)).toBeGreaterThanOrEqual(14);
  expect(spread([50, 10, 52, 51])).toEqual([50, 10, 80, 65]);
  expect(spread([10, 40])).toEqual([10, 40]);
});

it("draws a single point", () => {
  const svg = growthPlot({ ...GROWTH, lines: [{ label: "one", points: [[5, 5]] }] });
  expect(svg).not.toMatch(/NaN|Infinity/);
});
