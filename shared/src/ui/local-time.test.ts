import { expect, test } from "vitest";
import { type TimeStyle, timeElement, timeText } from "./local-time.ts";

const at = new Date("2026-09-08T19:00:09.500Z");

test.each<[TimeStyle, string, string]>([
  ["time", "America/Chicago", "14:00:09"],
  ["minute", "America/Chicago", "14:00"],
  ["day", "Asia/Tokyo", "9 Sep 2026"],
  ["full", "America/Chicago", "8 Sep 2026, 14:00:09"],
  ["full", "UTC", "8 Sep 2026, 19:00:09"],
])("style %s in %s reads %s", (style, zone, words) => expect(timeText(at, style, { zone })).toBe(words));

test("near times name the day only when it is not today in that zone", () => {
  const zone = "America/Chicago";
  expect(timeText(at, "near", { zone, now: new Date("2026-09-09T04:59:00Z") })).toBe("today 14:00");
  expect(timeText(at, "near", { zone, now: new Date("2026-09-09T05:00:00Z") })).toBe("8 Sep 14:00");
  expect(timeText(at, "near", { zone, now: new Date("2027-09-08T19:00:00Z") })).toBe("8 Sep 2026 14:00");
});

test("midnight is 00, never 24", () => {
  expect(timeText(new Date("2026-09-08T00:05:00Z"), "minute", { zone: "UTC" })).toBe("00:05");
});

test("the element carries the instant, the style for the browser, and UTC for the pointer", () => {
  expect(timeElement(at, "time", { zone: "America/Chicago" })).toBe(
    '<time datetime="2026-09-08T19:00:09.500Z" data-local-time="time" title="2026-09-08 19:00:09 UTC">14:00:09</time>',
  );
});
