import { expect, it } from "vitest";
import type { Occurrence } from "../decisions/occurrence.ts";
import { describeReturn } from "./missed.ts";

const change = (at: number, sentence: string): Occurrence => ({
  id: `a${at}`,
  pool: "web",
  at,
  mark: "G",
  sentence,
  outcome: "",
  tone: "neutral",
});
const gap = { afterMs: 14_000, since: 1_000 };

it.each([
  ["Reconnected after 14 s. Nothing was missed.", []],
  ["Reconnected after 14 s. Nothing was missed.", [change(900, "web grew 1 → 2.")]],
  ["Reconnected after 14 s. Meanwhile: web grew 2 → 3.", [change(1_100, "web grew 2 → 3."), change(900, "old.")]],
  [
    "Reconnected after 14 s. Meanwhile 2 changes, the last: web grew 2 → 3.",
    [change(1_200, "web grew 2 → 3."), change(1_100, "web grew 1 → 2."), change(900, "old.")],
  ],
  [
    "Reconnected after 14 s. Meanwhile at least 2 changes, the last: web grew 2 → 3.",
    [change(1_200, "web grew 2 → 3."), change(1_100, "web grew 1 → 2.")],
  ],
])("says what a page missed while it was away: %s", (sentence, latest) => {
  expect(describeReturn(gap, { latest }).sentence.replace(/\u00a0/g, " ")).toBe(sentence);
});
