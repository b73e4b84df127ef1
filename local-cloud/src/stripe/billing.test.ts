import { expect, test } from "vitest";
import { periodEnd } from "./billing.ts";

const recurring = { trial_period_days: null, usage_type: "licensed" } as const;
const at = (text: string) => Date.parse(text) / 1_000;

test.each([
  ["2030-01-01T08:00:00Z", "week", 1, "2030-01-08T08:00:00Z"],
  ["2030-01-01T08:00:00Z", "day", 3, "2030-01-04T08:00:00Z"],
  ["2030-01-31T08:00:00Z", "month", 1, "2030-02-28T08:00:00Z"],
  ["2030-11-30T08:00:00Z", "month", 3, "2031-02-28T08:00:00Z"],
  ["2028-02-29T08:00:00Z", "year", 1, "2029-02-28T08:00:00Z"],
] as const)("from %s a period of one %s x %i ends at %s", (start, interval, count, end) => {
  expect(periodEnd(at(start), { ...recurring, interval, interval_count: count })).toBe(at(end));
});
