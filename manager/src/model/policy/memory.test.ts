import { describe, expect, it } from "vitest";
import { NO_BREAK_SPACE } from "../words.ts";
import { checksNeeded, readMemory, rememberedBy, requestsPerWorker } from "./memory.ts";

const NOW = Date.UTC(2026, 8, 7, 14, 0);
const state = {
  version: 1,
  desired: 3,
  change: { at: NOW - 600_000, from: 2, to: 3 },
  minutes: [],
  requestsPerCpu: [580, 620, 600, 900],
  learnedUntil: NOW,
  low: { checks: 1, dataUntil: NOW },
  shrunkAt: null,
  grewAt: null,
  backOff: { level: 2, at: NOW - 300_000 },
};
const context = { kind: "cpu", now: NOW, periodSeconds: 60 } as const;
const values = (stored: unknown, changes: Partial<Parameters<typeof rememberedBy>[1]> = {}) =>
  Object.fromEntries(
    rememberedBy(readMemory(stored), { ...context, ...changes }).map(({ name, value }) => [
      name,
      value.replaceAll(NO_BREAK_SPACE, " "),
    ]),
  );

describe("what the rule remembers", () => {
  it("says the rule on CPU's numbers in words", () => {
    expect(values(state)).toEqual({
      "Last change": "2 → 3",
      "Requests per CPU": "610 a minute fill one worker",
      "Low checks": "1 in a row",
      "Back-off": "level 2: 8 checks",
    });
  });

  it("says what the adaptive rule learned", () => {
    const adaptive = {
      points: new Array(90).fill({}),
      bootSeconds: 84.4,
      margin: 0.2,
      shrunk: { at: NOW - 180_000, level: 2.04 },
      regretLoad: 2,
    };
    expect(values({ ...state, adaptive }, { kind: "adaptive" })).toMatchObject({
      "Learned from": "1 h 30 min of load",
      "Boot time": "84 s",
      Margin: "20 %",
      "Last shrink": "3 min ago, at load 2",
    });
    expect(values(state, { kind: "adaptive" })).toMatchObject({ Learned: "nothing yet" });
  });

  it("shows nothing of a fixed size, and nothing where nothing is stored", () => {
    expect(values(state, { kind: "fixed" })).toEqual({});
    expect(values(null)).toEqual({});
  });

  it("leaves out what another version wrote otherwise", () => {
    const other = { ...state, requestsPerCpu: "many", backOff: 3, change: { at: "noon" } };
    expect(values(other)).toMatchObject({ "Requests per CPU": "not learned yet", "Back-off": "none" });
    expect(values(other)).not.toHaveProperty("Last change");
  });

  it("knows what fills a worker only from 3 periods on, and per minute", () => {
    expect(requestsPerWorker(readMemory({ ...state, requestsPerCpu: [600, 600] }), 60)).toBeNull();
    expect(requestsPerWorker(readMemory(state), 5)).toBe(610 * 12);
    expect(requestsPerWorker(null, 60)).toBeNull();
  });

  it("needs 2, 4, 8, 16, then 30 checks", () => {
    expect([0, 1, 2, 3, 4].map(checksNeeded)).toEqual([2, 4, 8, 16, 30]);
  });
});
