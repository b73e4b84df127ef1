import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { closedLoad, constantLoad, SHAPES, shapeLoad, traceLoad } from "./loads.ts";

describe("shapes", () => {
  it("stay between a sixteenth of the peak and the peak, and depend on nothing but their settings", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...SHAPES),
        fc.integer({ min: 10, max: 600 }),
        fc.double({ min: 0.1, max: 50, noNaN: true }),
        fc.integer(),
        (shape, minutes, peak, seed) => {
          const load = shapeLoad(shape, { minutes, peak, seed });
          const again = shapeLoad(shape, { minutes, peak, seed });
          for (let second = 0; second < minutes * 60; second += 97) {
            expect(load.at(second)).toBeGreaterThanOrEqual(peak / 16 - 1e-9);
            expect(load.at(second)).toBeLessThanOrEqual(peak + 1e-9);
            expect(load.at(second)).toBe(again.at(second));
          }
        },
      ),
    );
  });

  it.each([
    ["step", 89, 0.4],
    ["step", 90, 6.4],
    ["ramp", 105, 3.4],
    ["ramp", 180, 6.4],
    ["ramp", 300, 0.4],
    ["sine", 60, 6.4],
    ["sine", 120, 0.4],
    ["spike", 59, 0.4],
    ["spike", 69, 6.4],
    ["spike", 70, 0.4],
    ["sawtooth", 60, 3.4],
    ["square", 59, 0.4],
    ["square", 60, 6.4],
  ] as const)("%s is at minute %d at %d workers’ worth", (shape, minute, level) => {
    expect(shapeLoad(shape, { minutes: 360, peak: 6.4, seed: 1 }).at(minute * 60)).toBeCloseTo(level);
  });

  it("noise differs by seed", () => {
    const at = (seed: number): number => shapeLoad("noise", { minutes: 60, peak: 6, seed }).at(1_800);
    expect(at(1)).not.toBe(at(2));
  });
});

describe("traces", () => {
  it("scale their highest minute to the peak", () => {
    const load = traceLoad("t", "minute,requests\n0,100\n1,400\r\n2,0\n", 8);
    expect([load.minutes, load.at(0), load.at(119), load.at(120)]).toEqual([3, 2, 8, 0]);
  });

  it.each([
    ["minute;requests\n0;1", 'the first line must be "minute,requests"'],
    ["minute,requests\n0,many", 'line 2 must be two numbers, not "0,many"'],
    ["minute,requests\n0,1\n2,1", "line 3 must be minute 1"],
    ["minute,requests\n0,0", "at least one request"],
    ["minute,requests", "at least one request"],
  ])("say what is wrong in %j", (csv, message) => {
    expect(() => traceLoad("t", csv, 8)).toThrow(message);
  });
});

describe("closed-loop clients", () => {
  const settings = { thinkSeconds: 0.9, serviceSeconds: 0.1 };
  const arriving = (load: number, workers: number, changes: Partial<typeof settings> = {}): number =>
    closedLoad(constantLoad(load, 10), { ...settings, ...changes }).arriving?.(0, workers) ?? Number.NaN;

  it("keep the response time law: N = X (Z + S / (1 - X S / n))", () => {
    for (const [load, workers] of [
      [0.5, 1],
      [3, 4],
      [8, 4],
      [1, 8],
    ] as const) {
      const clients = (load * 1) / 0.1;
      const throughput = arriving(load, workers) / 0.1;
      const response = 0.1 / (1 - (throughput * 0.1) / workers);
      expect(throughput * (0.9 + response)).toBeCloseTo(clients);
    }
  });

  it("ask for no more than the workers answer, and for all they want of many workers", () => {
    expect(arriving(20, 4)).toBeLessThan(4);
    expect(arriving(20, 4)).toBeGreaterThan(3.5);
    expect(arriving(2, 1_000)).toBeCloseTo(2);
    expect(arriving(2, 0)).toBe(0);
    expect(arriving(5, 2, { thinkSeconds: 0 })).toBeCloseTo(5 / (1 + 5 / 2));
  });

  it("count as the load that they would make of a pool that is large enough", () => {
    expect(closedLoad(constantLoad(3, 10), settings).at(0)).toBe(3);
  });
});
