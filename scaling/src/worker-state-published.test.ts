import { describe, expect, it } from "vitest";
import { compareWithPublished, type JudgedState, readPublished } from "./worker-state-published.ts";

const AT = Date.UTC(2026, 0, 5, 14, 0, 0);
const healthy: JudgedState = { state: "in service", reason: { kind: "healthy" }, at: AT };
const silent: JudgedState = { state: "unhealthy", reason: { kind: "silent", beatAt: AT - 61_000 }, at: AT + 1_000 };

describe("what a page shows of a worker", () => {
  it("is what the autoscaler published, with the page's own newer look beside it where the states differ", () => {
    expect(compareWithPublished(healthy, silent)).toEqual({ ...healthy, newer: silent });
  });

  it("is what the autoscaler published when the page's own look is older", () => {
    expect(compareWithPublished(healthy, { ...silent, at: AT })).toEqual({ ...healthy, newer: null });
  });

  it("takes the newer reason within one state", () => {
    const busy: JudgedState = { state: "in service", reason: { kind: "runs job", jobId: "j" }, at: AT + 1 };
    expect(compareWithPublished({ ...healthy, reason: { kind: "idle" } }, busy)).toEqual({ ...busy, newer: null });
  });

  it("is the page's own look while the autoscaler has published nothing", () => {
    expect(compareWithPublished(null, silent)).toEqual({ ...silent, newer: null });
  });
});

describe("a published state", () => {
  it("holds as of the pass that looked last, or as of its own change", () => {
    const stored = { state: "in service", reason: { kind: "healthy" }, since: AT - 5_000 };
    expect(readPublished(stored, AT)).toEqual(healthy);
    expect(readPublished(stored, null)?.at).toBe(AT - 5_000);
  });

  it("of another version's words is none", () => {
    expect(readPublished({ state: "sleeping", reason: { kind: "healthy" }, since: AT }, AT)).toBeNull();
    expect(readPublished({ state: "in service", reason: { kind: "tired" }, since: AT }, AT)).toBeNull();
    expect(readPublished(null, AT)).toBeNull();
  });
});
