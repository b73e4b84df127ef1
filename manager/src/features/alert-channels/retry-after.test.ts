import { expect, it } from "vitest";
import { retryAfterMs } from "./retry-after.ts";

const NOW = Date.parse("2026-09-07T14:05:00Z");

it.each([
  ["120", 120_000],
  ["0.35", 350],
  ["Mon, 07 Sep 2026 14:06:30 GMT", 90_000],
  ["Mon, 07 Sep 2026 14:00:00 GMT", 0],
  ["soon", undefined],
  ["-5", undefined],
  ["", undefined],
  [undefined, undefined],
  [["7", "9"], 7_000],
])("Retry-After %o is %o ms", (header, milliseconds) => {
  expect(retryAfterMs(header, NOW)).toBe(milliseconds);
});
