import fc from "fast-check";
import { expect, test } from "vitest";
import { formatCountdown, formatDuration, formatElapsed, formatInterval } from "./durations.ts";

test.each([
  [0, "0 s"],
  [0.0001, "1 ms"],
  [0.12, "120 ms"],
  [0.9996, "1 s"],
  [1.44, "1.4 s"],
  [9.97, "10 s"],
  [119, "119 s"],
  [119.6, "2 min"],
  [120, "2 min"],
  [150, "2 min 30 s"],
  [3_599, "59 min 59 s"],
  [3_599.6, "1 h"],
  [3_600, "1 h"],
  [8_040, "2 h 14 min"],
  [86_400, "24 h"],
  [86_400 * 2, "2 days"],
  [86_400 * 3 + 4 * 3_600, "3 days 4 h"],
  [-5, "0 s"],
])("%d seconds read %s", (seconds, text) => expect(formatDuration(seconds)).toBe(text.replaceAll(" ", "\u00a0")));

test("a duration is never off by more than half of its smaller unit, and 60 s or 60 min never stand beside a larger unit", () => {
  const units: Readonly<Record<string, number>> = { ms: 0.001, s: 1, min: 60, h: 3_600, days: 86_400 };
  fc.assert(
    fc.property(fc.double({ min: 0, max: 86_400 * 40, noNaN: true }), (seconds) => {
      const read = [...formatDuration(seconds).matchAll(/([\d.]+)\u00a0(\w+)/g)].map(
        ([, value, unit = ""]) => [Number(value), units[unit] ?? Number.NaN] as const,
      );
      const sum = read.reduce((total, [value, unit]) => total + value * unit, 0);
      const resolution = seconds < 2 ? 0.1 : seconds < 3_600 ? 1 : seconds < 2 * 86_400 ? 60 : 3_600;
      expect(Math.abs(sum - seconds)).toBeLessThanOrEqual(resolution / 2 + 0.001);
      if (read.length === 2) expect((read[1]?.[0] ?? 0) * (read[1]?.[1] ?? 0)).toBeLessThan(read[0]?.[1] ?? 0);
    }),
  );
});

test.each([
  [252_000, "4:12"],
  [251_001, "4:12"],
  [-5, "0:00"],
  [3_605_000, "1:00:05"],
])("%i ms left read %s", (left, text) => expect(formatCountdown(left)).toBe(text));

test.each([
  [4_200, "4 s"],
  [134_400, "2 min 14 s"],
])("%i ms left or passed read %s", (interval, text) =>
  expect(formatInterval(interval)).toBe(text.replaceAll(" ", "\u00a0")),
);

test("what has passed is rounded to the nearest second", () => expect(formatElapsed(425_400)).toBe("7:05"));
