import { expect, it } from "vitest";
import { type Decision, readDecisionRecord, sentenceOfRecord, toDecisionRecord } from "./decision.ts";

const UTC = { timeZone: "UTC" } as const;
const decision: Decision = {
  kind: "hold",
  desired: 3,
  reason: { kind: "no-data", since: Date.UTC(2026, 0, 5, 13, 56) },
  facts: { outcome: "no data", measured: null, unit: "%" },
};

it("reads back what it stores, and explains it in the reader's zone", () => {
  const record = readDecisionRecord(JSON.parse(JSON.stringify(toDecisionRecord(decision, null))));
  expect(record).toMatchObject({ outcome: "no data", measured: null, reason: decision.reason });
  expect(sentenceOfRecord(record, "stored", { timeZone: "Asia/Tokyo" })).toMatch(/^No data since 22:56/);
});

it("says what keeps the pool larger behind the reason", () => {
  const record = toDecisionRecord(decision, { protected: [], busy: 2 });
  expect(sentenceOfRecord(record, "stored", UTC)).toMatch(
    /until it is back\. The pool is still larger: 2 workers finish their jobs first\.$/,
  );
  expect(sentenceOfRecord(toDecisionRecord(decision, { protected: [], busy: 0 }), "", UTC)).toMatch(/back\.$/);
});

it.each([
  ["no reason", { outcome: "no data", growAbove: 70 }, { outcome: "no data", growAbove: 70 }],
  ["a reason of another version", { reason: { kind: "unheard-of" }, growAbove: 70 }, { growAbove: 70 }],
  ["null where nothing was known", { growAbove: null, responseMs: null }, { responseMs: null }],
  ["nothing readable", "x", {}],
])("shows the stored sentence of a row with %s", (_name, stored, facts) => {
  const record = readDecisionRecord(stored);
  expect(record).toEqual(facts);
  expect(sentenceOfRecord(record, "as stored", UTC)).toBe("as stored");
});
