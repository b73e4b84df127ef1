import type { Outcome } from "@elastic-gas/scaling/decision";
import { describe, expect, it } from "vitest";
import { type Entry, type ListChoice, listEntries } from "./list-entries.ts";
import type { ActivityRow, DecisionRow } from "./records.ts";

const MINUTE = 60_000;
let ids = 0;

function check(minute: number, changes: Partial<DecisionRow> & { outcome?: Outcome } = {}): DecisionRow {
  const { outcome = "no change", ...rest } = changes;
  ids += 1;
  return {
    id: ids,
    pool: "web",
    at: minute * MINUTE,
    kind: "hold",
    desiredBefore: 3,
    desiredAfter: 3,
    inService: 3,
    pending: 0,
    warming: 0,
    draining: 0,
    measured: null,
    policyVersion: 1,
    reason: "No change.",
    facts: { outcome },
    ...rest,
  };
}

function activity(minute: number, changes: Partial<ActivityRow> = {}): ActivityRow {
  ids += 1;
  return {
    id: ids,
    pool: "web",
    at: minute * MINUTE,
    cause: "policy",
    actor: "autoscaler",
    desiredBefore: 3,
    desiredAfter: 5,
    measured: null,
    forecast: null,
    reason: "web grew 3 → 5: mean CPU 73.6 % is above 70 %.",
    instanceIds: ["i-0b91"],
    status: "successful",
    result: "in service after 71 s",
    finishedAt: null,
    ...changes,
  };
}

const all: ListChoice = { kind: "all", filter: "", fold: true };
function list(
  found: { decisions?: readonly DecisionRow[]; activities?: readonly ActivityRow[] },
  choice: Partial<ListChoice> = {},
) {
  return listEntries(
    { decisions: found.decisions ?? [], activities: found.activities ?? [], versions: [], describeVersion: () => "" },
    { ...all, ...choice },
  );
}
const brief = (entries: readonly Entry[]) =>
  entries.map((entry) => (entry.type === "fold" ? [entry.checks, entry.sentence] : [entry.mark, entry.sentence]));

describe("the list of decisions", () => {
  it("folds checks without change into one line with their number, newest first", () => {
    const decisions = [5, 4, 3].map((minute) => check(minute)).concat([check(5, { pool: "annotator" })]);
    expect(brief(list({ decisions }))).toEqual([[4, "no change in any pool."]]);
  });

  it("joins a decision and what was done about it in one row", () => {
    const decisions = [
      check(4, { kind: "grow", reason: "web grew 3 → 5: mean CPU 73.6 % is above 70 %.", outcome: "grew" }),
    ];
    const done = activity(4);
    const [entry, ...rest] = list({ decisions, activities: [done] });
    expect(rest).toEqual([]);
    expect(entry).toMatchObject({ id: `a${done.id}`, mark: "G", outcome: "in service after 71 s" });
  });

  it("breaks a fold where something changed in between", () => {
    const decisions = [6, 5, 3, 2].map((minute) => check(minute));
    const manual = activity(4, { cause: "manual", actor: "anna", reason: "anna grew web 3 → 4." });
    expect(brief(list({ decisions, activities: [manual] }))).toEqual([
      [2, "web: no change."],
      ["M", "anna grew web 3 → 4."],
      [2, "web: no change."],
    ]);
  });

  it("tells the outcomes of a fold in their order, with the span of what was measured", () => {
    const decisions = [
      check(4, { measured: 47.5, facts: { outcome: "no change", unit: "%" } }),
      check(3, { measured: 46.5, outcome: "cooling down" }),
      check(2, { outcome: "holding" }),
    ];
    expect(brief(list({ decisions }))).toEqual([[3, "web: held, cooled down, then no change, 46.5 – 47.5\u00a0%."]]);
  });

  it("shows a refused shrink as a row of its own, and finds it by its kind", () => {
    const refused = check(3, { reason: "Shrink refused: 1 worker would run at 68 %.", outcome: "shrink refused" });
    const found = { decisions: [check(4), refused, check(2)] };
    expect(brief(list(found))).toHaveLength(3);
    expect(brief(list(found, { kind: "refused" }))).toEqual([
      ["S", "web: shrink refused: 1 worker would run at 68 %."],
    ]);
    expect(list(found, { kind: "shrink" })).toEqual([]);
  });

  it("joins refusals that repeat into the newest of them, until something else happens in their pool", () => {
    const refused = (minute: number, percent: number) =>
      check(minute, {
        reason: `Shrink refused: 1 worker would run at ${percent} %.`,
        outcome: "shrink refused",
      });
    const other = (minute: number) => check(minute, { pool: "annotator" });
    const decisions = [refused(7, 68), other(7), refused(6, 67), other(6), refused(5, 66), check(4), refused(3, 70)];
    const entries = list({ decisions });
    expect(brief(entries)).toEqual([
      ["S", "web: shrink refused: 1 worker would run at 68 %."],
      [3, "no change in any pool."],
      ["S", "web: shrink refused: 1 worker would run at 70 %."],
    ]);
    expect(entries.map((entry) => (entry.type === "change" ? entry.repeats.map(({ at }) => at / MINUTE) : []))).toEqual(
      [[6, 5], [], []],
    );
    expect(list({ decisions }, { fold: false })).toHaveLength(7);
  });

  it("finds changes by person and instance id", () => {
    const activities = [activity(1), activity(2, { cause: "manual", actor: "tomas", instanceIds: ["i-07be"] })];
    expect(list({ activities }, { filter: "TOMAS" })).toHaveLength(1);
    expect(list({ activities }, { filter: "i-07be" })).toHaveLength(1);
    expect(list({ activities }, { filter: "i-ffff" })).toEqual([]);
  });

  it("shows every check when folding is off", () => {
    expect(list({ decisions: [check(3), check(2)] }, { fold: false })).toHaveLength(2);
  });
});
