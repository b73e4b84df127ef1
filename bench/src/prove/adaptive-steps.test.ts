import { expect, test } from "vitest";
import { type AdaptiveRun, adaptiveFindings, type Step } from "./adaptive-steps-report.ts";
import type { Request } from "./load.ts";
import { passed } from "./proof.ts";

const MINUTE = 60_000;
const REQUESTS: readonly Request[] = Array.from({ length: 1_320 }, (_, index) => ({
  kind: index % 4 === 0 ? "page" : "photo",
  sentAt: index * 1_000,
  ms: 400,
  outcome: "ok",
}));

/** One of ten steps, each 2 minutes after the one before. */
function step(number: number, more: Partial<Step> = {}): Step {
  const stepAt = number * 2 * MINUTE;
  return {
    number,
    stepAt,
    decidedAt: stepAt + 20_000 + number * 1_000,
    reason: "web grew 1 → 2.",
    wanted: 2,
    inServiceAt: stepAt + 40_000 + number * 2_000,
    loadOffAt: stepAt + MINUTE,
    loadBefore: 0.1,
    ...more,
  };
}

const STEPS = Array.from({ length: 10 }, (_, index) => step(index + 1));

function run(more: Partial<AdaptiveRun> = {}): AdaptiveRun {
  return {
    startedAt: 0,
    endedAt: 22 * MINUTE,
    steps: STEPS,
    requests: REQUESTS,
    recording: {
      steps: [{ at: 0, desired: 1, inService: 1, pending: 0, draining: 0 }],
      cpu: new Map(),
      waiting: new Map(),
      missed: 0,
    },
    durations: { periodSeconds: 10 },
    decisions: [
      {
        at: 2 * MINUTE + 21_000,
        kind: "grow",
        desiredBefore: 1,
        desiredAfter: 2,
        reason: "",
        load: 1,
        forecast: 1.6,
        wanted: 2,
      },
    ],
    activities: [],
    ...more,
  };
}

function findings(more: Partial<AdaptiveRun> = {}) {
  return adaptiveFindings(run(more), { perSecond: 1.3, stepWorkers: 1.5, need: 2, rounds: 10, settings: [] });
}

const broken = (more: Partial<AdaptiveRun>) =>
  findings(more)
    .checks.filter(({ ok }) => !ok)
    .map(({ what }) => what.replaceAll("\u00a0", " "));
const changed = (number: number, more: Partial<Step>) => ({
  steps: STEPS.map((each) => (each.number === number ? { ...each, ...more } : each)),
});

test("ten steps that are answered in time hold every promise, and have a chart and a row each", () => {
  const found = findings();
  expect(passed(found)).toBe(true);
  expect(found.figures[0]?.value.replaceAll("\u00a0", " ")).toBe("25.0 s / 30.0 s");
  expect(found.figures[1]?.value.replaceAll("\u00a0", " ")).toBe("50.0 s / 60.0 s");
  expect(found.charts?.map(({ file }) => file)).toEqual(["adaptive-steps.svg"]);
  expect(found.details.replaceAll("\u00a0", " ")).toContain("| 10 | 20:00 | 0.10 | 30.0 s | 2 | 60.0 s | 60 | 0 |");
});

test("a late decision, a late worker, none at all and a missing step each break a promise", () => {
  const at = STEPS[9]?.stepAt ?? 0;
  const [answered, decision, service] = [
    "each of 10 steps is answered with 2 workers or more",
    "from the step to the decision to grow at most 30 s (p95)",
    "from the step to all wanted workers in service at most 60 s (p95)",
  ];
  expect(broken(changed(10, { decidedAt: at + 30_001 }))).toEqual([decision]);
  expect(broken(changed(10, { inServiceAt: at + 60_001 }))).toEqual([service]);
  expect(broken(changed(10, { inServiceAt: null }))).toEqual([answered]);
  expect(broken(changed(10, { decidedAt: null }))).toEqual([answered]);
  expect(broken(changed(10, { wanted: 1 }))).toEqual([answered]);
  expect(broken({ steps: STEPS.slice(1) })).toEqual([answered]);
  expect(broken({ steps: [] })).toEqual([answered, decision, service]);
});

test("a failed request is seen with its answer and counted in its step", () => {
  const requests = REQUESTS.map((each) => (each.sentAt === 2 * MINUTE ? { ...each, outcome: "503 busy" } : each));
  expect(broken({ requests })).toEqual(["no request fails"]);
  const { details } = findings({ requests });
  expect(details).toContain("| 2:00 | page | 503 busy |");
  expect(details).toMatch(/\| 1 \| 2:00 \| .* \| 60 \| 1 \|/);
});
