import { describe, expect, it } from "vitest";
import { explain, explainBlocked } from "./explain.ts";
import { Finding, Reason } from "./reason.ts";

const HELSINKI = { timeZone: "Europe/Helsinki" } as const;
const AT = Date.UTC(2026, 0, 5, 13, 56);

const resize = { pool: "web", from: 4, to: 5 } as const;
const above = { kind: "cpu-above", meanPercent: 78.2, limitPercent: 70 } as const;
const below = { kind: "cpu-below", meanPercent: 20, limitPercent: 30 } as const;
const work = {
  kind: "work",
  perMinute: 6,
  waiting: 40,
  serviceSeconds: 150,
  learned: true,
  waitSeconds: 60,
  needs: 44,
} as const;
const forecast = {
  kind: "forecast",
  level: 3.52,
  rise: 0.1,
  head: 0.3,
  risingHead: 0.3,
  forecast: 3.82,
  aheadSeconds: 240,
  learnedSeconds: 21_600,
  learnsForSeconds: 7_200,
  riskPercent: 17,
  serviceLevelPercent: 90,
  needs: 5,
} as const;
const size = (workers: number, percent: number, withinSeconds: number | null = null) => ({
  workers,
  percent,
  withinSeconds,
});
const grew = {
  kind: "cpu-grew",
  pool: "web",
  from: 5,
  to: 7,
  finding: above,
  max: 8,
  ratio: 1.4,
  growAbovePercent: 70,
  need: null,
  awaited: 0,
  flap: null,
} as const;
const shrank = {
  kind: "cpu-shrank",
  pool: "web",
  from: 6,
  to: 5,
  finding: below,
  checks: 2,
  sizes: [size(3, 98), size(4, 73.5), size(5, 58.8)],
  limitPercent: 63,
  longerLimitPercent: null,
} satisfies Reason;

/** At least one sentence of each kind; several where plurals or halves differ. Spaces stand for no-break spaces. */
const SENTENCES: readonly (readonly [Reason, string])[] = [
  [{ kind: "outside-limits", ...resize, from: 1, to: 2, min: 2, max: 4 }, "web grew 1 → 2: below the minimum of 2."],
  [{ kind: "outside-limits", ...resize, from: 6, to: 4, min: 2, max: 4 }, "web shrank 6 → 4: above the maximum of 4."],
  [{ kind: "paused", by: "anna", at: AT }, "Paused by anna since 15:56. Lost workers are still replaced."],
  [{ kind: "set-by-hand", desired: 3, secondsLeft: 90 }, "Holding at 3, set manually: the policy takes over in 90 s."],
  [{ kind: "fixed", desired: 1 }, "Fixed at 1 worker. A lost worker is replaced."],
  [
    { kind: "workers-awaited", warming: 1, pending: 2, secondsLeft: 40 },
    "Holding: 1 worker warming, 2 pending, about 40 s left.",
  ],
  [{ kind: "workers-awaited", warming: 0, pending: 2, secondsLeft: null }, "Holding: 2 workers pending."],
  [
    { kind: "data-awaited", minutes: 2, secondsLeft: 150 },
    "Holding: waiting for 2 full minutes of data since the last change, about 2 min 30 s left.",
  ],
  [
    { kind: "data-awaited", minutes: 1, secondsLeft: null },
    "Holding: waiting for a full minute of data since the last change.",
  ],
  [{ kind: "share-awaited", secondsLeft: 30 }, "Holding: the newest worker takes its share first, 30 s left."],
  [{ kind: "held-after-grow", desired: 3, secondsLeft: 150 }, "Holding: 2 min 30 s left after growing to 3."],
  [
    { kind: "cooling-down", secondsLeft: 74, change: { from: 3, to: 5 } },
    "Cooling down: 74 s left after growing 3 → 5.",
  ],
  [
    { kind: "cooling-down", secondsLeft: 120, change: { from: 5, to: 3 } },
    "Cooling down: 2 min left after shrinking 5 → 3.",
  ],
  [{ kind: "cooling-down", secondsLeft: 1, change: null }, "Cooling down: 1 s left after the last change."],
  [
    { kind: "not-checked", source: "load balancer", seconds: 5, failure: null },
    "Not checked: the load balancer did not answer within 5 s.",
  ],
  [
    { kind: "not-checked", source: "SQS", seconds: 1, failure: "Throttling: Rate exceeded" },
    "Not checked: SQS failed (Throttling: Rate exceeded).",
  ],
  [
    { kind: "not-checked", source: "database", seconds: 60, failure: null },
    "Not checked for 60 s: the database did not answer.",
  ],
  [{ kind: "no-data", since: AT }, "No data since 15:56. Nothing grows or shrinks until it is back."],
  [{ kind: "no-data", since: null }, "No data. Nothing grows or shrinks until it is back."],
  [{ kind: "queue-silent" }, "No data: the queue did not answer. Nothing grows or shrinks until it does."],
  [{ kind: "data-missing", withinSeconds: 600 }, "Shrink refused: data of the last 10 min are missing."],
  [
    { kind: "at-maximum", max: 8, wanted: 10, finding: above },
    "At the maximum of 8; the rule wants 10. Mean CPU 78.2 % is above 70 %.",
  ],
  [{ kind: "at-minimum", min: 2, finding: below }, "At the minimum of 2. Mean CPU 20 % is below 30 %."],
  [
    { kind: "would-shrink", finding: below, have: 1, need: 2 },
    "Would shrink: mean CPU 20 % is below 30 %, check 1 of 2.",
  ],
  [
    { kind: "points-missing", finding: below, missing: 2, of: 8, ifFullPercent: 40 },
    "Shrink refused: mean CPU 20 % is below 30 %, but 2 of 8 points are missing; counted as full workers the mean is 40 %.",
  ],
  [
    { kind: "points-missing", finding: below, missing: 1, of: 8, ifFullPercent: 30 },
    "Shrink refused: mean CPU 20 % is below 30 %, but 1 of 8 points is missing; counted as full workers the mean is 30 %.",
  ],
  [
    { kind: "peak-unknown", cause: "missing", withinSeconds: 720 },
    "Shrink refused: data are missing within the last 12 min, so the peak is not known.",
  ],
  [
    { kind: "peak-unknown", cause: "full", withinSeconds: 300 },
    "Shrink refused: the workers were full within the last 5 min, so the load then is not known.",
  ],
  [{ kind: "no-idle-worker", busy: 3, of: 3 }, "Shrink refused: no worker is idle (3 of 3 run a job)."],
  [{ kind: "no-idle-worker", busy: 1, of: 3 }, "Shrink refused: no worker is idle (1 of 3 runs a job)."],
  [grew, "web grew 5 → 7: mean CPU 78.2 % is above 70 %. 5 × 1.4 = 7, maximum 8."],
  [
    { ...grew, from: 3, to: 5, flap: { checks: 4, withinSeconds: 1_800 } },
    "web grew 3 → 5: mean CPU 78.2 % is above 70 %. 3 × 1.4 = 4.2, rounded up to 5, maximum 8. Shrinking now needs 4 checks in a row, because a grow followed a shrink within 30 min.",
  ],
  [
    { ...grew, from: 5, to: 6, ratio: 1 },
    "web grew 5 → 6: mean CPU 78.2 % is above 70 %. 5 × 1 = 5, at least 6, maximum 8.",
  ],
  [
    { ...grew, finding: { kind: "first-minute-full", meanPercent: 99 } },
    "web grew 5 → 7: mean CPU 99 % in the first full minute after the change. 5 × 1.4 = 7, maximum 8.",
  ],
  [
    {
      ...grew,
      from: 7,
      to: 8,
      need: 8,
      awaited: 1,
      max: 20,
      finding: { kind: "load-above", load: 5.1, limitPercent: 70, workers: 7 },
    },
    "web grew 7 → 8 while 1 is pending: load 5.1 workers’ worth exceeds 70 % of 7. 8 would run below 70 %, maximum 20.",
  ],
  [
    { ...grew, awaited: 2, finding: { kind: "reported-load-above", load: 1, limitPercent: 70, workers: 1 } },
    "web grew 5 → 7 while 2 are pending: the workers that report carry 1 worker’s worth, more than 70 % of 1. 5 × 1.4 = 7, maximum 8.",
  ],
  [
    shrank,
    "web shrank 6 → 5: mean CPU 20 % is below 30 %, 2 checks in a row. 3 workers would run at 98 %, 4 at 73.5 %, 5 at 58.8 % (limit 63 %).",
  ],
  [
    { kind: "cpu-too-much", sizes: [size(1, 68, 720)], limitPercent: 63, longerLimitPercent: 66.5 },
    "Shrink refused: 1 worker would run at 68 % at the peak of the last 12 min, the limit is 63 %, 66.5 % for the older peak.",
  ],
  [
    { kind: "cpu-too-much", sizes: [size(2, 130), size(3, 87)], limitPercent: 63, longerLimitPercent: null },
    "Shrink refused: 2 workers would run at 130 % and 3 at 87 %, the limit is 63 %.",
  ],
  [
    { kind: "cpu-between", meanPercent: 70, lowPercent: 30, highPercent: 70 },
    "No change: mean CPU 70 % lies between 30 % and 70 %.",
  ],
  [
    {
      kind: "requests-grew",
      ...resize,
      finding: { kind: "requests-above", perMinute: 1_250, limit: 200 },
      holdSeconds: 300,
      max: 10,
    },
    "web grew 4 → 5: 1,250 successful requests a minute are more than 200. Then nothing changes for 5 min, maximum 10.",
  ],
  [
    {
      kind: "requests-shrank",
      ...resize,
      to: 1,
      finding: { kind: "fast-answers", responseMs: 6, limitMs: 10 },
      checks: 2,
      peakPerMinute: 1,
      limit: 200,
    },
    "web shrank 4 → 1: the mean response time of 6 ms is below 10 ms, 2 checks in a row. 1 request a minute would fall on 1 worker (limit 200).",
  ],
  [
    { kind: "at-minimum", min: 1, finding: { kind: "fast-answers", responseMs: null, limitMs: 10 } },
    "At the minimum of 1. There were no requests.",
  ],
  [
    { kind: "requests-too-many", peakPerMinute: 260, withinSeconds: 300, workers: 3, limit: 200 },
    "Shrink refused: 260 requests a minute within the last 5 min would fall on 3 workers, the limit is 200.",
  ],
  [
    { kind: "requests-slow", perMinute: 1, limit: 200, responseMs: 12, limitMs: 10 },
    "No change: 1 successful request a minute (the pool grows above 200), but the mean response time of 12 ms is not below 10 ms.",
  ],
  [
    {
      kind: "thresholds-grew",
      ...resize,
      finding: { kind: "many-sent", sent: 60, withinSeconds: 600, limit: 50, waiting: 1 },
      max: 10,
    },
    "web grew 4 → 5: 60 messages were sent in 10 min, more than 50, and 1 waits. 4 + 1 = 5, maximum 10.",
  ],
  [
    { kind: "thresholds-grew", ...resize, finding: { kind: "backlog-above", perWorker: 10.3, limit: 10 }, max: 10 },
    "web grew 4 → 5: 10.3 waiting jobs per worker are more than 10. 4 + 1 = 5, maximum 10.",
  ],
  [
    {
      kind: "thresholds-shrank",
      ...resize,
      to: 3,
      finding: { kind: "few-sent", sent: 1, withinSeconds: 600, limit: 5, idle: 1 },
      checks: 2,
    },
    "web shrank 4 → 3: 1 message was sent in 10 min, fewer than 5, nothing waits and 1 worker is idle, 2 checks in a row. Only an idle worker goes.",
  ],
  [
    { kind: "thresholds-waits", perWorker: 2.33, limit: 10 },
    "No change: 2.3 waiting jobs per worker. The pool grows above 10.",
  ],
  [
    { kind: "thresholds-arrivals", sent: 9, withinSeconds: 600, limit: 5 },
    "No change: 9 messages were sent in 10 min, none waiting. The pool shrinks below 5.",
  ],
  [
    { kind: "queue-grew", pool: "annotator", from: 4, to: 10, finding: work, max: 10 },
    "annotator grew 4 → 10: 6 jobs a minute of 2 min 30 s each and 40 waiting, to be begun within 60 s, need 44 workers, maximum 10.",
  ],
  [
    {
      kind: "queue-shrank",
      pool: "annotator",
      from: 10,
      to: 2,
      finding: { ...work, perMinute: 1, waiting: 0, serviceSeconds: 60, learned: false, needs: 2 },
      idle: 9,
      held: 2,
      heldSeconds: 300,
    },
    "annotator shrank 10 → 2: 1 job a minute of 60 s each (assumed) and none waiting need 2 workers; the last 5 min needed at most 2, and 9 workers are idle. Only idle workers go.",
  ],
  [
    {
      kind: "queue-fits",
      desired: 1,
      finding: { ...work, perMinute: 0.2, waiting: 0, needs: 1 },
      held: 3,
      heldSeconds: 300,
    },
    "No change at 1: 0.2 jobs a minute of 2 min 30 s each and none waiting need 1 worker; the last 5 min needed up to 3.",
  ],
  [
    {
      kind: "queue-fits",
      desired: 1,
      finding: { ...work, perMinute: 0, waiting: 0, needs: 0 },
      held: 3,
      heldSeconds: 300,
    },
    "No change at 1: no jobs arrive and none wait; the last 5 min needed up to 3.",
  ],
  [
    { kind: "adaptive-grew", ...resize, finding: forecast, max: 8, wanted: 5, regretMarginPercent: null },
    "web grew 4 → 5: load 3.52, 83 % of the last 6 h rose less than 0.3 in 4 min; 3.82 needs 5 at 90 %.",
  ],
  [
    {
      kind: "adaptive-grew",
      ...resize,
      finding: { ...forecast, rise: 0, risingHead: 0.25, forecast: 3.77 },
      max: 8,
      wanted: 5,
      regretMarginPercent: null,
    },
    "web grew 4 → 5: load 3.52; after changes like its last, 83 % of the last 6 h rose less than 0.25 in 4 min; 3.77 needs 5 at 90 %.",
  ],
  [
    {
      kind: "adaptive-grew",
      ...resize,
      finding: { ...forecast, risingHead: 1.2, forecast: 4.72, byClock: true },
      max: 8,
      wanted: 5,
      regretMarginPercent: null,
    },
    "web grew 4 → 5: load 3.52 plus 1.2 of room for what came at the same minute of earlier half hours; 4.72 needs 5 at 90 %.",
  ],
  [
    {
      kind: "adaptive-grew",
      ...resize,
      finding: { ...forecast, rise: 1, risingHead: 1, needs: 10 },
      max: 8,
      wanted: 10,
      regretMarginPercent: 40,
    },
    "web grew 4 → 5: load 3.52 rises by 1 and may rise by 1 in 4 min; 3.82 needs 10 at 90 %. Now 5, maximum 8. The last shrink came too early: the next one leaves 40 % margin.",
  ],
  [
    {
      kind: "at-maximum",
      max: 8,
      wanted: 9,
      finding: { ...forecast, head: 2, risingHead: 2, learnedSeconds: 360, needs: 9 },
    },
    "At the maximum of 8; the rule wants 9. Load 3.52 plus 2 of room while the rule learns (6 min of 2 h); 3.82 needs 9 at 90 %.",
  ],
  [
    {
      kind: "adaptive-shrank",
      ...resize,
      to: 3,
      peak: 2.06,
      withinSeconds: 600,
      serviceLevelPercent: 90,
      marginPercent: 10,
    },
    "web shrank 4 → 3: highest forecast of 10 min 2.06 fits 3 at 90 % less 10 % margin.",
  ],
  [
    {
      kind: "adaptive-unchanged",
      desired: 4,
      finding: forecast,
      peak: 3.9,
      withinSeconds: 1_800,
      shrinksBelow: 2.43,
    },
    "No change at 4: forecast 3.82 (load 3.52 + 0.3); to shrink, the 30 min peak 3.9 must fall below 2.43.",
  ],
];

describe("the sentence of a reason", () => {
  it.each(SENTENCES)("%j", (reason, sentence) => {
    expect(explain(Reason.parse(JSON.parse(JSON.stringify(reason))), HELSINKI).replaceAll("\u00a0", " ")).toBe(
      sentence,
    );
  });

  it("is written here for every kind of reason and of finding", () => {
    const kinds = (schema: typeof Reason | typeof Finding): readonly string[] =>
      schema.options.map((option) => option.shape.kind.value);
    const shown = SENTENCES.map(([reason]) => reason);
    const findings = shown.flatMap((reason) => ("finding" in reason ? [reason.finding.kind] : []));
    expect(kinds(Reason).filter((kind) => !shown.some((reason) => reason.kind === kind))).toEqual([]);
    expect(kinds(Finding).filter((kind) => !findings.some((found) => found === kind))).toEqual([]);
  });

  it("keeps every number together with its unit", () => {
    for (const [reason] of SENTENCES) expect(explain(reason, HELSINKI)).not.toMatch(/\d (?:%|s|ms|min|h)\b/);
  });

  it("takes the reader's zone", () => {
    expect(explain({ kind: "no-data", since: AT }, { timeZone: "America/New_York" })).toContain("since 08:56");
  });

  it.each([
    [{ protected: [], busy: 0 }, null],
    [{ protected: ["i-1"], busy: 0 }, "The pool is still larger: i-1 is protected from shrinking."],
    [{ protected: [], busy: 1 }, "The pool is still larger: 1 worker finishes its job first."],
    [
      { protected: ["i-1", "i-2"], busy: 3 },
      "The pool is still larger: i-1 and i-2 are protected from shrinking and 3 workers finish their jobs first.",
    ],
  ])("of what keeps a pool larger: %j", (blockedBy, sentence) => {
    expect(explainBlocked(blockedBy)).toBe(sentence);
  });
});
