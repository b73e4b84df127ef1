import { CpuPolicy } from "@elastic-gas/scaling/policy";
import { expect, test } from "vitest";
import { elasticFindings } from "./elastic-cpu-report.ts";
import { byPeriod, completeAt, type ElasticRun } from "./elastic-run.ts";
import { passed } from "./proof.ts";

const MINUTE = 60_000;

/** A load step of 20 minutes that goes 1 → 2 → 4 → 2 → 1, in minutes from 0. */
function run(more: Partial<ElasticRun> = {}): ElasticRun {
  const step = (minute: number, desired: number, inService: number) => ({
    at: minute * MINUTE,
    desired,
    inService,
    pending: Math.max(0, desired - inService),
    draining: 0,
  });
  const change = (minute: number, desiredBefore: number, desiredAfter: number) => ({
    at: minute * MINUTE,
    cause: "policy",
    actor: "autoscaler",
    desiredBefore,
    desiredAfter,
    reason: "",
    result: "done",
    finishedAt: null,
  });
  return {
    startedAt: 0,
    policy: CpuPolicy.parse({ kind: "cpu" }),
    calibratedFrom: MINUTE,
    calibratedTo: MINUTE,
    loadOnAt: 2 * MINUTE,
    loadOffAt: 18 * MINUTE,
    endedAt: 30 * MINUTE,
    perSecond: 1,
    clients: 8,
    cycleMs: 3_600,
    problems: [],
    requests: Array.from({ length: 6_000 }, (_, index) => ({
      kind: index % 3 === 0 ? "photo" : "page",
      sentAt: index * 300,
      ms: 100,
      outcome: "ok",
    })),
    recording: {
      steps: [
        step(0, 1, 1),
        step(4, 2, 1),
        step(5, 2, 2),
        step(8, 4, 2),
        step(9, 4, 4),
        step(24, 2, 2),
        step(27, 1, 1),
      ],
      cpu: new Map([[3 * MINUTE, 90]]),
      waiting: new Map(),
      missed: 0,
    },
    decisions: Array.from({ length: 31 }, (_, index) => ({
      at: index * MINUTE,
      kind: "hold",
      desiredAfter: 1,
      inService: 1,
      pending: 0,
      warming: 0,
      draining: 0,
      measured: 55,
      reason: "No change.",
    })),
    activities: [change(4, 1, 2), change(8, 2, 4), change(24, 4, 2), change(27, 2, 1)],
    durations: { periodSeconds: 60, settleSeconds: 380 },
    ...more,
  };
}

const findings = (more: Partial<ElasticRun> = {}) => elasticFindings(run(more), { quick: false, settings: [] });
const broken = (more: Partial<ElasticRun>) =>
  findings(more)
    .checks.filter(({ ok }) => !ok)
    .map(({ what }) => what);

test("a pool that grows, stays and shrinks holds every promise", () => {
  expect(broken({})).toEqual([]);
  expect(passed(findings())).toBe(true);
  expect(completeAt(run())).toBe(9 * MINUTE);
});

test("one failed request is seen, with its answer", () => {
  const [first, ...rest] = run().requests;
  if (first === undefined) throw new Error("no requests");
  const requests = [{ ...first, outcome: "503 busy" }, ...rest];
  expect(broken({ requests })).toEqual(["no request fails"]);
  expect(findings({ requests }).details).toContain("503 busy");
});

test("a change in the middle of the constant load is seen", () => {
  const [a, b, ...rest] = run().activities;
  if (a === undefined || b === undefined) throw new Error("no activities");
  const early = { ...b, at: 14 * MINUTE, desiredBefore: 4, desiredAfter: 3 };
  expect(broken({ activities: [a, b, early, ...rest] })).toEqual(["under load the pool only grows"]);
  const before = { ...a, at: MINUTE, desiredBefore: 2, desiredAfter: 1 };
  expect(broken({ activities: [before, a, b, ...rest] })).toEqual(["without load the pool stays at 1 worker"]);
  const steps = run().recording.steps.toSpliced(5, 0, {
    at: 14 * MINUTE,
    desired: 3,
    inService: 3,
    pending: 0,
    draining: 1,
  });
  expect(broken({ recording: { ...run().recording, steps } })[0]).toMatch(/keeps its size/);
});

test("a pool that stays too large, a missing decision and too few requests are seen", () => {
  expect(broken({ recording: { ...run().recording, steps: run().recording.steps.slice(0, -1) } })[0]).toMatch(
    /back to 1 worker/,
  );
  expect(broken({ decisions: run().decisions.toSpliced(12, 3) })).toEqual(["every minute has its decision"]);
  expect(broken({ requests: run().requests.slice(0, 4_999) })[0]).toMatch(/at least 5,000/);
});

test("what was waited for in vain is a failure with its words", () => {
  expect(broken({ problems: ["Waited 1 ms in vain"] })).toEqual(["nothing was waited for in vain"]);
});

test("a period has the requests that were sent in it and the pool's size at its end", () => {
  const periods = byPeriod(run());
  expect(periods).toHaveLength(30);
  expect(periods[3]).toMatchObject({ at: 3 * MINUTE, requests: 200, failed: 0, cpuPercent: 90, inService: 1 });
  expect(periods[8]).toMatchObject({ desired: 4, inService: 2, pending: 2, photoP50: 100, pageP99: 100 });
});
