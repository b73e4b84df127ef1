import { expect, test } from "vitest";
import { expiryOf, hasExpired, TokenLifetime, timeUntil } from "./token-lifetime.ts";

const NOW = new Date("2026-11-30T12:00:00Z");
const after = (seconds: number) => new Date(NOW.getTime() + seconds * 1_000);
const DAY = 86_400;

test("a token ends after the days that were chosen, 90 when nothing was, or never", () => {
  expect(expiryOf("30", NOW)).toEqual(after(30 * DAY));
  expect(expiryOf(TokenLifetime.parse(undefined), NOW)).toEqual(after(90 * DAY));
  expect(expiryOf("365", NOW)).toEqual(after(365 * DAY));
  expect(expiryOf("none", NOW)).toBeNull();
  for (const other of ["0", "-1", "1e9", "91", "", ["30", "none"]])
    expect(TokenLifetime.safeParse(other).success).toBe(false);
});

test("it works until its end, and not at it", () => {
  expect(hasExpired(NOW, after(-0.001))).toBe(false);
  expect(hasExpired(NOW, NOW)).toBe(true);
  expect(hasExpired(null, NOW)).toBe(false);
});

test.each([
  [90 * DAY, "in 90 days"],
  [90 * DAY - 5, "in 90 days"],
  [89 * DAY - 5, "in 89 days"],
  [2 * DAY + 1, "in 3 days"],
  [2 * DAY - 3_600, "in 47 h"],
  [90 * 60, "in 1 h 30 min"],
  [2.2, "in 3 s"],
])("what ends in %d s is told as %j", (seconds, words) => {
  expect(timeUntil(after(seconds), NOW).replaceAll("\u00a0", " ")).toBe(words);
});
