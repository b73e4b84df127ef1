import { describe, expect, it } from "vitest";
import { POOLS, readPolicy, UNCHECKED_TICKS, uncheckedSince } from "./pools.ts";

const NOW = Date.UTC(2026, 0, 5, 14, 0, 0);

describe("a pool that is not checked", () => {
  const pool = (ageSeconds: number, stopping = false) => ({ checkedAt: NOW - ageSeconds * 1_000, stopping });

  it("is told when three ticks have passed without a check that could be made", () => {
    expect(UNCHECKED_TICKS).toBe(3);
    expect(uncheckedSince(pool(180), 60, NOW)).toBeNull();
    expect(uncheckedSince(pool(181), 60, NOW)).toBe(NOW - 181_000);
    expect(uncheckedSince(pool(31), 10, NOW)).toBe(NOW - 31_000);
  });

  it("is nothing to tell of while it stops or has just been made", () => {
    expect(uncheckedSince(pool(181, true), 60, NOW)).toBeNull();
    expect(uncheckedSince({ checkedAt: null, stopping: false }, 60, NOW)).toBeNull();
  });
});

describe("the specification of a pool", () => {
  it.each(Object.values(POOLS))(
    "$name has its default rule among its rules, within its limits",
    ({ defaults, policyKinds }) => {
      expect(policyKinds[0]).toBe(defaults.policy.kind);
      expect(defaults.desired).toBeGreaterThanOrEqual(defaults.min);
      expect(defaults.desired).toBeLessThanOrEqual(defaults.max);
    },
  );

  it("gives its default rule for a stored one that this version does not know", () => {
    expect(readPolicy("web", { kind: "weather" })).toEqual(POOLS.web.defaults.policy);
    expect(readPolicy("web", { kind: "fixed" })).toEqual({ kind: "fixed" });
  });
});
