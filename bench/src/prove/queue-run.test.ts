import { expect, test } from "vitest";
import { queueFindings } from "./queue-pool-report.ts";
import { type Job, jobCounts, type QueueRun } from "./queue-run.ts";

const MINUTE = 60_000;

const job = (number: number, more: Partial<Job> = {}): Job => ({
  id: `job-${number}`,
  status: "COMPLETED",
  attempt: 1,
  submittedAt: MINUTE + number * 100,
  startedAt: 2 * MINUTE + number * 1_000,
  completedAt: 2 * MINUTE + number * 1_000 + 900,
  mails: 1,
  hasAllRecords: true,
  ...more,
});

/** A burst of 60 jobs that grows the pool 2 → 3 → 4; back at 2 in minute 20. */
function run(more: Partial<QueueRun> = {}): QueueRun {
  const step = (minute: number, size: number) => ({
    at: minute * MINUTE,
    desired: size,
    inService: size,
    pending: 0,
    draining: 0,
  });
  const change = (id: number, minute: number, desiredBefore: number, desiredAfter: number) => ({
    id,
    pool: "annotator" as const,
    at: new Date(minute * MINUTE).toISOString(),
    cause: "policy",
    actor: "autoscaler",
    desiredBefore,
    desiredAfter,
    reason:
      desiredAfter > desiredBefore
        ? "annotator grew: 20 waiting jobs per worker are more than 10."
        : "annotator shrank: nothing waits and 4 workers are idle.",
    instanceIds: [],
    status: "successful",
    result: "done",
    finishedAt: null,
  });
  return {
    startedAt: 0,
    burstAt: MINUTE,
    sentAt: 2 * MINUTE,
    endedAt: 21 * MINUTE,
    secondsOfOne: 1,
    min: 2,
    jobs: Array.from({ length: 60 }, (_, index) => job(index)),
    recording: {
      steps: [step(0, 2), step(3, 3), step(5, 4), step(17, 3), step(20, 2)],
      cpu: new Map(),
      waiting: new Map(),
      missed: 0,
    },
    activities: [change(1, 3, 2, 3), change(2, 5, 3, 4), change(3, 17, 4, 3), change(4, 20, 3, 2)],
    deadLetters: 0,
    unsent: 0,
    ...more,
  };
}

const broken = (more: Partial<QueueRun>) =>
  queueFindings(run(more), [])
    .checks.filter(({ ok }) => !ok)
    .map(({ what }) => what);

test("a burst that is done once, with the pool back at its minimum, holds every promise", () => {
  expect(broken({})).toEqual([]);
});

test.each([
  ["failed", { status: "FAILED" }, /every job is completed/],
  ["run twice", { attempt: 2 }, /run once/],
  ["mailed twice", { mails: 2 }, /one mail/],
  ["not mailed", { mails: 0 }, /one mail/],
  ["without a record", { hasAllRecords: false }, /all records/],
])("one job that was %s is seen", (_, change, what) => {
  const jobs = run().jobs.with(7, job(7, change));
  expect(broken({ jobs })).toEqual([expect.stringMatching(what)]);
});

test("dead letters, a busy worker that was sent away and a pool that stays large are seen", () => {
  expect(broken({ deadLetters: 1 })[0]).toMatch(/nothing is lost/);
  const activities = run().activities.map((change) => ({ ...change, reason: change.reason.replace("idle", "busy") }));
  expect(broken({ activities })[0]).toMatch(/only idle workers leave/);
  const { recording } = run();
  expect(broken({ recording: { ...recording, steps: recording.steps.slice(0, -1) } })[0]).toMatch(/minimum/);
});

test("a job waits from its submission to its claim and is done at its end", () => {
  expect(jobCounts([job(0), job(1, { startedAt: null, completedAt: null })])).toEqual([
    { at: MINUTE, waiting: 1, done: 0 },
    { at: MINUTE + 100, waiting: 2, done: 0 },
    { at: 2 * MINUTE, waiting: 1, done: 0 },
    { at: 2 * MINUTE + 900, waiting: 1, done: 1 },
  ]);
});
