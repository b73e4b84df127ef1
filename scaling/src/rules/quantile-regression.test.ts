import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Cases, fitQuantile, predict } from "./quantile-regression.ts";

function casesOf(rows: readonly (readonly [known: readonly number[], came: number])[]): Cases {
  const columns = rows[0]?.[0].length ?? 0;
  return {
    columns,
    count: rows.length,
    known: Float64Array.from(rows.flatMap(([known]) => known)),
    came: Float64Array.from(rows.map(([, came]) => came)),
  };
}
const predictQuantile = (cases: Cases, now: Float64Array, share: number) => predict(now, 0, fitQuantile(cases, share));
const at = (...known: readonly number[]) => Float64Array.from(known);

describe("quantile regression", () => {
  it("finds the line that the cases lie on, whatever the share", () => {
    const line = casesOf(Array.from({ length: 100 }, (_, x) => [[1, x / 10], 2 + (3 * x) / 10]));
    for (const share of [0.1, 0.5, 0.95]) expect(predictQuantile(line, at(1, 4), share)).toBeCloseTo(14, 1);
  });

  it("finds a spread that grows: what is rarely exceeded rises faster than the middle", () => {
    const wedge = casesOf(
      Array.from({ length: 400 }, (_, row) => {
        const x = (row % 20) / 2;
        return [[1, x], x * (1 + (Math.floor(row / 20) - 9.5) / 10)];
      }),
    );
    const slopeOf = (share: number) =>
      predictQuantile(wedge, at(1, 8), share) - predictQuantile(wedge, at(1, 7), share);
    expect(slopeOf(0.5)).toBeCloseTo(1, 1);
    expect(slopeOf(0.9)).toBeGreaterThan(1.6);
    expect(slopeOf(0.1)).toBeLessThan(0.4);
  });

  it("without anything known is the quantile itself", () => {
    const values = Array.from({ length: 100 }, (_, index) => index);
    const plain = casesOf(values.map((value) => [[1], value]));
    expect(predictQuantile(plain, at(1), 0.95)).toBe(94);
  });

  it("has an answer for columns of zeros, copies of another, and loads that rest", () => {
    const rest = casesOf(Array.from({ length: 50 }, () => [[1, 0, 2, 2], 0]));
    expect(predictQuantile(rest, at(1, 5, 2, 2), 0.95)).toBeCloseTo(0);
  });

  it("leaves the share below the fit, by one case, for any cases", () => {
    const number = fc.double({ min: -10, max: 10, noNaN: true });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(number, number, number), { minLength: 30, maxLength: 200 }),
        fc.double({ min: 0.05, max: 0.95, noNaN: true }),
        (rows, share) => {
          const cases = casesOf(rows.map(([a, b, came]) => [[1, a, b], came]));
          const below = rows.filter(([a, b, came]) => came <= predictQuantile(cases, at(1, a, b), share) + 1e-9);
          expect(below.length).toBeGreaterThanOrEqual(Math.floor(share * rows.length));
        },
      ),
      { numRuns: 20 },
    );
  });
});
