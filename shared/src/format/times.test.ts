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
  ["full", "Asia/Kathmandu", "9 Sep 2026, 00:45:09"],
  ["full", "Pacific/Kiritimati", "9 Sep 2026, 09:00:09"],
  ["full", "Etc/GMT+12", "8 Sep 2026, 07:00:09"],
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

test.each([
  ["forward", "Europe/Vienna", "2026-03-29T00:59:59Z", "2026-03-29T01:00:00Z", "01:59:59 03:00:00"],
  ["back", "Europe/Vienna", "2026-10-25T00:59:59Z", "2026-10-25T01:00:00Z", "02:59:59 02:00:00"],
  ["forward", "America/Chicago", "2026-03-08T07:59:59Z", "2026-03-08T08:00:00Z", "01:59:59 03:00:00"],
  ["back", "America/Chicago", "2026-11-01T06:59:59Z", "2026-11-01T07:00:00Z", "01:59:59 01:00:00"],
])("clocks are put %s in %s", (_, of, before, after, text) => {
  const now = Date.parse(after);
  expect([before, after].map((each) => formatTime(Date.parse(each), "recent", { zone: of, now })).join(" ")).toBe(text);
});

test("midnight is 00, never 24, and UTC is written in full", () => {
  expect(formatTime(new Date("2026-09-08T00:05:00Z"), "minute", { zone: "UTC" })).toBe("00:05");
  expect(formatUtc(at)).toBe("2026-09-08 19:00:09 UTC");
});
