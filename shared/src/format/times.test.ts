import { expect, test } from "vitest";
import { formatTime, formatTimeRange, formatUtc, type TimeStyle } from "./times.ts";

const at = new Date("2026-09-08T19:00:09.500Z");
const zone = "America/Chicago";
const plain = (text: string) => text.replaceAll("\u00a0", " ");

test.each<[TimeStyle, string, string]>([
  ["time", zone, "14:00:09"],
  ["minute", zone, "14:00"],
  ["day", "Asia/Tokyo", "9 Sep 2026"],
  ["date", "Asia/Tokyo", "9 Sep"],
  ["full", zone, "8 Sep 2026, 14:00:09"],
  ["full", "UTC", "8 Sep 2026, 19:00:09"],
])("style %s in %s reads %s", (style, of, text) => expect(plain(formatTime(at, style, { zone: of }))).toBe(text));

test.each<[string, TimeStyle, string]>([
  ["2026-09-09T04:59:00Z", "near", "today 14:00"],
  ["2026-09-09T05:00:00Z", "near", "8 Sep 14:00"],
  ["2027-09-08T19:00:00Z", "near", "8 Sep 2026 14:00"],
  ["2026-09-09T04:59:00Z", "recent", "14:00:09"],
  ["2026-09-09T05:00:00Z", "recent", "8 Sep 14:00"],
  ["2027-09-08T19:00:00Z", "recent", "8 Sep 2026 14:00"],
])("seen from %s, style %s reads %s", (now, style, text) =>
  expect(plain(formatTime(at.getTime(), style, { zone, now: new Date(now) }))).toBe(text),
);

test.each([
  ["2026-09-08T19:08:00Z", "2026-09-08T20:00:00Z", "14:00 – 14:08"],
  ["2026-09-08T19:08:00Z", "2026-09-10T20:00:00Z", "8 Sep 14:00 – 14:08"],
  ["2026-09-09T19:08:00Z", "2026-09-10T20:00:00Z", "8 Sep 14:00 – 9 Sep 14:08"],
])("a range to %s, seen from %s, reads %s", (to, now, text) =>
  expect(plain(formatTimeRange(at, new Date(to), { zone, now: new Date(now) }))).toBe(text),
);

test("midnight is 00, never 24, and UTC is written in full", () => {
  expect(formatTime(new Date("2026-09-08T00:05:00Z"), "minute", { zone: "UTC" })).toBe("00:05");
  expect(formatUtc(at)).toBe("2026-09-08 19:00:09 UTC");
});
