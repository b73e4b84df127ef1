import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseTrace, SHAPE_NAMES, sendTimes, shapeRate, traceRate } from "./shapes.ts";

describe("send times", () => {
  it("are 1/rate apart at a constant rate, and begin at once", () => {
    expect([...sendTimes(shapeRate("constant", 5, 60), { count: 4, maxSeconds: 60 })]).toEqual([0, 0.2, 0.4, 0.6]);
  });

  it("end with the time limit when the count is not reached", () => {
    const times = [...sendTimes(shapeRate("constant", 2, 60), { count: 1000, maxSeconds: 10 })];
    expect(times).toHaveLength(20);
    expect(times.at(-1)).toBeCloseTo(9.5, 1);
  });

  it("follow a burst and its pause", () => {
    const times = [...sendTimes(shapeRate("burst", 10, 10), { count: 1000, maxSeconds: 20 })];
    expect(times.filter((at) => at >= 2 && at < 10)).toEqual([]);
    expect(times.filter((at) => at < 2)).toHaveLength(20);
    expect(times.filter((at) => at >= 10)).toHaveLength(20);
  });

  it("hold any shape's mean rate, in order, within both limits", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...SHAPE_NAMES),
        fc.double({ min: 0.2, max: 50, noNaN: true }),
        fc.integer({ min: 4, max: 120 }),
        fc.integer({ min: 1, max: 2_000 }),
        (name, peak, period, count) => {
          const rate = shapeRate(name, peak, period);
          const maxSeconds = 2 * period;
          const times = [...sendTimes(rate, { count, maxSeconds })];
          let due = 0;
          for (let at = 0; at < maxSeconds; at += 0.01) due += rate(at) * 0.01;
          expect(times).toEqual(times.toSorted((a, b) => a - b));
          expect(Math.abs(times.length - Math.min(count, due))).toBeLessThanOrEqual(2);
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe("shapes", () => {
  it.each(SHAPE_NAMES)("%s never leaves the range from 0 to its peak, and reaches the peak", (name) => {
    const rates = Array.from({ length: 2_400 }, (_, index) => shapeRate(name, 8, 60)(index / 10));
    expect(Math.min(...rates)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...rates)).toBeCloseTo(8, 5);
  });
});

describe("a trace", () => {
  it("is scaled to the peak, one value a minute, and ends", () => {
    const rate = traceRate([100, 400, 200], 8);
    expect([0, 59, 60, 120, 179, 180].map(rate)).toEqual([2, 2, 8, 4, 4, 0]);
  });

  it("reads the last column and skips a heading", () => {
    expect(parseTrace("minute,requests\n0,100\n1,250\n\n")).toEqual([100, 250]);
  });

  it("is refused when it holds no load", () => {
    expect(() => parseTrace("a,b\n0,0\n")).toThrow("The trace holds no number above 0.");
  });
});
