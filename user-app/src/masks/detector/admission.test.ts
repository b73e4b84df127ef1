import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { admit, type DetectorLoad, estimateWaitSeconds, MAX_QUEUED_BYTES, nextServiceSeconds } from "./admission.ts";

const load = (overrides: Partial<DetectorLoad>): DetectorLoad => ({
  queued: 0,
  serviceSeconds: 0.5,
  threads: 1,
  queuedBytes: 0,
  ...overrides,
});

describe("admission", () => {
  it.each([
    { queued: 0, serviceSeconds: 300, kind: "admitted" },
    { queued: 40, serviceSeconds: 0.5, kind: "admitted" },
    { queued: 41, serviceSeconds: 0.5, kind: "refused" },
    { queued: 200, serviceSeconds: 0.1, kind: "admitted" },
  ])("with $queued waiting at $serviceSeconds s each: $kind", ({ queued, serviceSeconds, kind }) => {
    expect(admit(load({ queued, serviceSeconds }), 1000).kind).toBe(kind);
  });

  it("counts threads", () => {
    expect(estimateWaitSeconds(load({ queued: 60, threads: 2 }))).toBe(15);
  });

  it("keeps a place although the wait has grown, within the memory", () => {
    expect(admit(load({ queued: 200, serviceSeconds: 0.5 }), 1000, true).kind).toBe("admitted");
    expect(admit(load({ queued: 1, queuedBytes: MAX_QUEUED_BYTES }), 1, true).kind).toBe("refused");
  });

  it("says when to come back", () => {
    expect(admit(load({ queued: 48 }), 0)).toMatchObject({ kind: "refused", retryAfterSeconds: 12 });
  });

  it("bounds the memory that waiting photos take, but an idle detector takes any one", () => {
    expect(admit(load({ queued: 1, queuedBytes: MAX_QUEUED_BYTES }), 1).kind).toBe("refused");
    expect(admit(load({ queued: 0 }), MAX_QUEUED_BYTES + 1).kind).toBe("admitted");
  });

  it("follows the measured time and never leaves the range of what was measured", () => {
    expect(nextServiceSeconds(1, 2, 100)).toBeCloseTo(1.2);
    expect(nextServiceSeconds(0.25, 2, 0)).toBe(2);
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0.01, max: 10, noNaN: true }), { minLength: 1 }), (times) => {
        const mean = times.reduce(nextServiceSeconds, times[0] ?? 0);
        expect(mean).toBeGreaterThanOrEqual(Math.min(...times) - 1e-9);
        expect(mean).toBeLessThanOrEqual(Math.max(...times) + 1e-9);
      }),
    );
  });
});
