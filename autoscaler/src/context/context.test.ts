import { expect, test } from "vitest";
import { callMs } from "./context.ts";

test.each([
  [30, 10_000],
  [10, 3_333],
  [2, 666],
])("with a lease of %d s a call gets %d ms, a whole number as timers want it", (LEASE_SECONDS, ms) => {
  expect(callMs({ LEASE_SECONDS })).toBe(ms);
  expect(() => AbortSignal.timeout(callMs({ LEASE_SECONDS }))).not.toThrow();
});
