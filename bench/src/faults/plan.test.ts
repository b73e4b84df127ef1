import { expect, it } from "vitest";
import { isMeant, MISBEHAVIOURS, nameOf, planFaults, SERVICES, soakFaults } from "./plan.ts";

const CHOICES = { cloudSeconds: [1, 10], otherSeconds: 10, hangSeconds: 45, atATime: 3 };

it("the plan has each service misbehave in each way for each time, and every other fault, none twice but the resize", () => {
  const names = planFaults(CHOICES).map(nameOf);
  const cloud = planFaults(CHOICES).filter(({ kind }) => kind === "cloud");
  expect(cloud).toHaveLength(SERVICES.length * MISBEHAVIOURS.length * 2);
  const twice = names.filter((name, index) => names.indexOf(name) !== index);
  expect(twice).toEqual(["the web pool grows and shrinks by hand"]);
});

it("a part of the plan is asked for by words of the faults' names", () => {
  const long = planFaults({ ...CHOICES, cloudSeconds: [1_200] });
  const silent = long.filter((step) => isMeant(step, "is silent for 20 min"));
  expect(silent.map((step) => (step.kind === "cloud" ? step.service : step.kind))).toEqual(SERVICES);
  expect(long.filter((step) => isMeant(step, "of 20 days"))).toEqual([]);
  expect(long.filter((step) => isMeant(step, ""))).toEqual(long);
});

it("a soak repeats with its seed, and a fault comes each 2 to 5 minutes", () => {
  const take = (seed: number) => {
    const soak = soakFaults(seed, CHOICES);
    return Array.from({ length: 200 }, () => soak.next().value);
  };
  expect(take(1)).toEqual(take(1));
  expect(take(1)).not.toEqual(take(2));
  for (const { afterMs } of take(3)) {
    expect(afterMs).toBeGreaterThanOrEqual(120_000);
    expect(afterMs).toBeLessThanOrEqual(300_000);
  }
  expect(new Set(take(4).map(({ step }) => step.kind)).size).toBeGreaterThan(10);
});
