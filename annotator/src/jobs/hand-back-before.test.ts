import { createLogger } from "@elastic-gas/shared/logger";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { handBackBefore } from "./hand-back-before.ts";

const LEAD_MS = 45_000;
beforeEach(() => {
  vi.useFakeTimers({ now: 0 });
});
afterEach(() => {
  vi.useRealTimers();
});
const start = () => handBackBefore({ log: createLogger("test", "silent"), leadMs: LEAD_MS });

test("a worker goes on until its lead before the end, and at once when less is left", () => {
  const handBack = start();
  handBack.onChange({ what: "spot", at: 120_000 });
  vi.advanceTimersByTime(74_999);
  expect(handBack.signal.aborted).toBe(false);
  vi.advanceTimersByTime(1);
  expect(handBack.signal.aborted).toBe(true);

  const late = start();
  late.onChange({ what: "spot", at: 80_000 });
  vi.advanceTimersByTime(0);
  expect(late.signal.aborted).toBe(true);
});

test.each([null, { what: "rebalance", at: null } as const, { what: "scheduled", at: 100_000 } as const])(
  "%j after a spot notice takes it back",
  (interruption) => {
    const handBack = start();
    handBack.onChange({ what: "spot", at: 60_000 });
    handBack.onChange(interruption);
    vi.advanceTimersByTime(1_000_000);
    expect(handBack.signal.aborted).toBe(false);
  },
);

test("nothing aborts after a worker that ended for another reason", () => {
  const handBack = start();
  handBack.onChange({ what: "spot", at: 60_000 });
  handBack.cancel();
  vi.advanceTimersByTime(1_000_000);
  expect(handBack.signal.aborted).toBe(false);
});
