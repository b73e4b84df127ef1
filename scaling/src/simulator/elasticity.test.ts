import { describe, expect, it } from "vitest";
import {
  demandFor,
  type Elasticity,
  elasticSpeedUp,
  measureElasticity,
  type Sample,
  sumElasticity,
  withoutScaling,
} from "./elasticity.ts";

const samplesOf = (demand: readonly number[], inService: readonly number[]): readonly Sample[] =>
  demand.map((needed, index) => ({
    demand: needed,
    inService: inService[index] ?? 0,
    load: needed * 0.8,
    paid: inService[index] ?? 0,
  }));

describe("demand", () => {
  it.each([
    [0, 1],
    [0.8, 1],
    [0.81, 2],
    [2.4, 3],
    [6.4, 8],
  ])("a load of %d needs %d workers at 80 %%", (load, workers) => {
    expect(demandFor(load)).toBe(workers);
  });
});

describe("the elasticity metrics, computed by hand", () => {
  it("measures how much, how long, and how often against the demand", () => {
    expect(measureElasticity(samplesOf([2, 2, 4, 4], [2, 4, 4, 3]), 60)).toEqual({
      thetaU: (100 * (1 / 4)) / 4,
      thetaO: (100 * (2 / 2)) / 4,
      tauU: 25,
      tauO: 25,
      instability: 75,
      overloadMinutes: 1,
      workerMinutes: 13,
    });
  });

  it("weighs a missing worker by what is needed", () => {
    expect(measureElasticity(samplesOf([2, 8], [1, 6]), 60)).toMatchObject({
      thetaU: 100 * ((1 / 2 + 2 / 8) / 2),
      tauU: 100,
    });
  });

  it.each([
    ["both stay", [2, 2], [3, 3], 0],
    ["both grow", [2, 4], [1, 2], 0],
    ["one moves", [2, 2], [1, 2], 50],
    ["they move apart, counted once", [2, 4], [3, 2], 50],
  ])("counts as unstable: %s", (_name, demand, inService, instability) => {
    expect(measureElasticity(samplesOf(demand, inService), 60).instability).toBe(instability);
  });

  it("counts minutes by the length of a sample", () => {
    const overloaded: Sample = { demand: 5, inService: 3, load: 3.5, paid: 4 };
    expect(measureElasticity([overloaded, { ...overloaded, load: 3 }], 30)).toMatchObject({
      overloadMinutes: 0.5,
      workerMinutes: 4,
    });
  });

  it("is all zero without samples", () => {
    expect(measureElasticity([], 60)).toMatchObject({ thetaU: 0, tauO: 0, instability: 0, workerMinutes: 0 });
  });
});

describe("elastic speed-up", () => {
  const shares = (thetaU: number, thetaO: number, tauU: number, tauO: number): Elasticity => ({
    thetaU,
    thetaO,
    tauU,
    tauO,
    instability: 0,
    overloadMinutes: 0,
    workerMinutes: 0,
  });

  it("is the geometric mean of the four improvements", () => {
    expect(elasticSpeedUp(shares(8, 40, 20, 50), shares(4, 10, 10, 50))).toBeCloseTo((2 * 4 * 2 * 1) ** 0.25);
    expect(elasticSpeedUp(shares(8, 40, 20, 50), shares(8, 40, 20, 50))).toBe(1);
  });

  it("is not defined when a share is 0", () => {
    expect(elasticSpeedUp(shares(8, 40, 20, 50), shares(0, 10, 0, 50))).toBeNull();
    expect(elasticSpeedUp(shares(0, 40, 0, 50), shares(1, 10, 1, 50))).toBeNull();
  });

  it("compares with as many workers as are needed on average", () => {
    expect(withoutScaling(samplesOf([2, 4, 6, 4], [1, 1, 1, 1]), 60)).toMatchObject({
      thetaU: 100 * (2 / 6 / 4),
      thetaO: 25,
      workerMinutes: 16,
    });
  });

  it("takes the mean of shares and the sum of minutes over several loads", () => {
    const part = { ...shares(8, 40, 20, 50), overloadMinutes: 3, workerMinutes: 100 };
    const other = { ...shares(0, 20, 10, 70), overloadMinutes: 4, workerMinutes: 50 };
    expect(sumElasticity([part, other])).toMatchObject({
      thetaU: 4,
      thetaO: 30,
      overloadMinutes: 7,
      workerMinutes: 150,
    });
  });
});
