import type { Outcome } from "@elastic-gas/loadgen/outcome";
import { expect, test } from "vitest";
import { passed } from "./proof.ts";
import { type UploadPhase, type UploadRun, uploadFindings } from "./uploads-report.ts";

const SECOND = 1_000;
const outcome = (sentAtMs: number, more: Partial<Outcome> = {}): Outcome => ({
  ...{ sentAtMs, ms: 200, status: 200, succeeded: true, refused: false, text: "" },
  ...more,
});
const refusal = { status: 503, succeeded: false, refused: true, ms: 50 };

function phase(perSecond: number, startedAt: number, more: Partial<Outcome> = {}): UploadPhase {
  const outcomes = Array.from({ length: 100 * perSecond }, (_, index) =>
    // What `more` says is so for the first 10 s.
    outcome((index / perSecond) * SECOND, index < 10 * perSecond ? more : {}),
  );
  return { perSecond, startedAt, endedAt: startedAt + 100 * SECOND, sent: outcomes.length, notSent: 0, outcomes };
}

/** One worker for 100 s, then 1 → 2, complete after 20 s of the second 100 s; refusals in its first 10 s. */
function run(more: Partial<UploadRun> = {}): UploadRun {
  const step = (second: number, desired: number, inService: number) => ({
    ...{ at: second * SECOND, desired, inService, pending: desired - inService, draining: 0 },
  });
  const change = { desiredBefore: 1, desiredAfter: 2, cause: "policy", actor: "autoscaler", reason: "", result: null };
  return {
    startedAt: 0,
    endedAt: 260 * SECOND,
    slow: phase(1, 0),
    fast: phase(5, 100 * SECOND, refusal),
    busy: {
      ...{ startedAt: 200 * SECOND, endedAt: 260 * SECOND, workers: 2, inService: 2, clients: 12, cloudCpu: 0.2 },
      outcomes: [outcome(0), outcome(1, refusal)],
      requests: [{ kind: "page", sentAt: 200 * SECOND, ms: 3, outcome: "ok" }],
    },
    recording: {
      steps: [step(0, 1, 1), step(110, 2, 1), step(120, 2, 2)],
      cpu: new Map(),
      waiting: new Map(),
      missed: 0,
    },
    decisions: [],
    activities: [{ ...change, at: 110 * SECOND, finishedAt: null }],
    ...more,
  };
}

const broken = (more: Partial<UploadRun>) =>
  uploadFindings(run(more), [])
    .checks.filter(({ ok }) => !ok)
    .map(({ what }) => what);

test("uploads that are taken, or refused at once until the pool has grown, hold every promise", () => {
  expect(passed(uploadFindings(run(), []))).toBe(true);
});

test.each([
  [
    "a failed upload at the low rate",
    { slow: phase(1, 0, { ...refusal, refused: false }) },
    "1 a second, from one worker on",
  ],
  ["a refusal after 3 s", { fast: phase(5, 100 * SECOND, { ...refusal, ms: 3_000 }) }, "until it has grown an upload"],
  ["a pool that stays", { activities: [] }, "5 a second: the pool grows"],
  ["a worker that is gone", { busy: { ...run().busy, inService: 1 } }, "all of them stay in service"],
  [
    "a store that does not answer",
    { busy: { ...run().busy, requests: [{ kind: "S3", sentAt: 0, ms: 9_000, outcome: "timeout" }] } },
    "pages, S3 and SQS",
  ],
] as const)("%s is seen", (_, more, what) => {
  expect(broken(more)).toEqual([expect.stringContaining(what)]);
});

test("a refusal after the pool has grown is seen", () => {
  const { fast } = run();
  const outcomes = [...fast.outcomes, outcome(60 * SECOND, { ...refusal, text: "busy" })];
  expect(broken({ fast: { ...fast, outcomes } })).toEqual(["then every upload succeeds"]);
});

test("the rows end with the uploads, not with the last answer", () => {
  const { slow } = run();
  const late = { ...slow, endedAt: slow.endedAt + 25 * SECOND };
  const { data } = uploadFindings(run({ slow: late }), []);
  expect(data).toHaveProperty("rows.length", 8);
  expect(data).toHaveProperty("rows.3", expect.objectContaining({ sent: 10, seconds: 30 }));
});
