import { CpuPolicy } from "@elastic-gas/scaling/policy";
import { expect, test } from "vitest";
import { constantLoadFindings, type PolicyRun } from "./constant-load-report.ts";
import type { Request } from "./load.ts";
import { passed } from "./proof.ts";

const MINUTE = 60_000;
const REQUESTS: readonly Request[] = Array.from({ length: 6_000 }, (_, index) => ({
  kind: index % 2 === 0 ? "photo" : "page",
  sentAt: index * 200,
  ms: 100,
  outcome: "ok",
}));

/** 1 → 2 → 4 within 6 minutes, then 14 without a change. */
function run(more: Partial<PolicyRun> = {}): PolicyRun {
  const step = (minute: number, desired: number, inService: number) => ({
    at: minute * MINUTE,
    desired,
    inService,
    pending: desired - inService,
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
    loadOnAt: MINUTE,
    loadOffAt: 20 * MINUTE,
    endedAt: 20 * MINUTE,
    policy: CpuPolicy.parse({ kind: "cpu" }),
    problem: null,
    requests: REQUESTS,
    recording: {
      steps: [step(0, 1, 1), step(3, 2, 1), step(4, 2, 2), step(5, 4, 2), step(6, 4, 4)],
      cpu: new Map([[3 * MINUTE, 90]]),
      waiting: new Map(),
      missed: 0,
    },
    decisions: Array.from({ length: 20 }, (_, index) => ({
      at: index * MINUTE,
      kind: "hold",
      desiredAfter: 4,
      inService: 4,
      pending: 0,
      warming: 0,
      draining: 0,
      measured: 55,
      reason: "No change.",
    })),
    activities: [change(3, 1, 2), change(5, 2, 4)],
    durations: { periodSeconds: 60, settleSeconds: 735 },
    ...more,
  };
}

function findings(more: Partial<PolicyRun> = {}) {
  return constantLoadFindings(run(more), { perSecond: 4, settleMs: 735_000, leastRequests: 5_000, settings: [] });
}

const broken = (more: Partial<PolicyRun>) =>
  findings(more)
    .checks.filter(({ ok }) => !ok)
    .map(({ what }) => what.replaceAll("\u00a0", " "));

test("a pool that grows and stays holds every promise, and has a chart", () => {
  expect(passed(findings())).toBe(true);
  expect(findings().charts?.map(({ file }) => file)).toEqual(["constant-load-70-30.svg"]);
});

test("a pool that shrinks, changes too late, never settles or runs outside its thresholds does not", () => {
  const [a, b] = run().activities;
  if (a === undefined || b === undefined) throw new Error("no activities");
  const shrink = { ...b, at: 16 * MINUTE, desiredBefore: 4, desiredAfter: 3 };
  expect(broken({ activities: [a, b, shrink] })).toEqual(["the pool only grows"]);
  const steps = [...run().recording.steps, { at: 12 * MINUTE, desired: 5, inService: 5, pending: 0, draining: 0 }];
  expect(broken({ recording: { ...run().recording, steps } })).toEqual([
    "then it keeps its size for 12.0 min or longer",
  ]);
  expect(broken({ problem: "Waited in vain" })).toHaveLength(1);
  expect(broken({ decisions: run().decisions.map((each) => ({ ...each, measured: 71 })) })).toEqual([
    "at that size the mean CPU lies between 30 and 70 %",
  ]);
  expect(broken({ decisions: [] })).toHaveLength(1);
});

test("a failed request is seen with its answer, and too few requests", () => {
  const [first, ...rest] = REQUESTS;
  if (first === undefined) throw new Error("no requests");
  const requests = [{ ...first, outcome: "503 busy" }, ...rest];
  expect(broken({ requests })).toEqual(["no request fails"]);
  expect(findings({ requests }).details).toContain("503 busy");
  expect(broken({ requests: REQUESTS.slice(0, 4_999) })).toEqual(["at least 5,000 requests"]);
});
