import { readFileSync } from "node:fs";
import { changesOf, runModel } from "@elastic-gas/testing/scaling/pool-model";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import type { Decision } from "../decision.ts";
import { Observation } from "../observation.ts";
import { AdaptivePolicy, CpuPolicy, Policy } from "../policy.ts";
import { initialState } from "../policy-state.ts";
import { decide } from "./decide.ts";

const MINUTE = 60_000;
const NOW = Date.UTC(2026, 0, 5, 14, 0, 0);
const cpu = CpuPolicy.parse({ kind: "cpu" });
const adaptive = AdaptivePolicy.parse({ kind: "adaptive" });

const Question = z.object({ policy: Policy, now: z.number(), observation: Observation });

/** The decisions on recorded checks, each with the state of the one before. */
function decisionsOf(name: string): readonly Decision[] {
  const text = readFileSync(new URL(`../../test-data/${name}.jsonl`, import.meta.url), "utf8");
  let state = initialState();
  return text
    .trim()
    .split("\n")
    .map((line) => {
      const { policy, now, observation } = Question.parse(JSON.parse(line));
      const decided = decide(policy, observation, state, new Date(now));
      state = decided.state;
      return decided.decision;
    });
}

describe("recorded checks", () => {
  it.each([
    ["cpu-blind-at-90-s-delay", "cpu-grew"],
    ["cpu-blind-at-75-s-delay", "cpu-grew"],
    ["adaptive-blind-at-180-s-delay", "adaptive-grew"],
    ["queue-40-long-jobs-wait-no-change", "queue-grew"],
  ])("%s: grows at the first one", (name, kind) => {
    expect(decisionsOf(name)[0]?.reason.kind).toBe(kind);
  });

  it("of an idle queue: shrinks to the minimum", () => {
    expect(decisionsOf("queue-idle-pool-of-10-at-1-job-a-minute").map(({ desired }) => desired)).toContain(2);
  });
});

const seconds = z.number();
/**
 * A pool's checks of 82 minutes, one a minute, in seconds since the first: what each worker reported, seen two minutes
 * after a point's begin.
 */
const RecordedPool = z.object({
  begin: z.number(),
  checks: z.number(),
  requests: z.array(z.tuple([seconds, z.number()])),
});
const RecordedWorker = z.object({
  id: z.string(),
  launched: seconds,
  inService: seconds.nullable(),
  from: seconds,
  until: seconds,
  cpu: z.array(z.tuple([seconds, z.number()])),
});

/** The sizes that the adaptive rule asks for, of a pool that keeps its 8 workers whatever it says. */
function sizesOf(name: string): readonly number[] {
  const text = readFileSync(new URL(`../../test-data/${name}.jsonl`, import.meta.url), "utf8");
  const [first, ...others] = text
    .trim()
    .split("\n")
    .map((line): unknown => JSON.parse(line));
  const { begin, checks, requests } = RecordedPool.parse(first);
  const recorded = others.map((worker) => RecordedWorker.parse(worker));
  let state = initialState();
  return Array.from({ length: checks }, (_, check) => {
    const second = check * 60;
    const visible = <Value>(points: readonly (readonly [number, Value])[]) =>
      points
        .filter(([at]) => at + 120 <= second && at > second - 1_200)
        .map(([at, value]) => ({ at: begin + at * 1_000, value }));
    const observation = Observation.parse({
      pool: "web",
      desired: 8,
      min: 1,
      max: 8,
      bootSeconds: 90,
      workers: recorded
        .filter(({ from, until }) => from <= second && second <= until)
        .map(({ id, launched, inService, cpu }) => ({
          id,
          state: inService !== null && inService <= second ? "in service" : "pending",
          launchedAt: begin + launched * 1_000,
          inServiceAt: inService !== null && inService <= second ? begin + inService * 1_000 : null,
          cpu: visible(cpu).map(({ at, value }) => ({ at, percent: value })),
        })),
      balancer: visible(requests).map(({ at, value }) => ({ at, requests: value, healthyHosts: 8 })),
    });
    const decided = decide(adaptive, observation, state, new Date(begin + second * 1_000));
    state = decided.state;
    return decided.decision.desired;
  });
}

describe("recorded pools of 8 workers whose load falls from 6 to 1", () => {
  it.each(["adaptive-5-percent-missing", "adaptive-a-death-each-20-min"])(
    "%s: 2 or 3 workers within an hour",
    (name) => {
      const least = Math.min(...sizesOf(name));
      expect(least).toBeGreaterThanOrEqual(2);
      expect(least).toBeLessThanOrEqual(3);
    },
  );
});

interface Late {
  readonly delaySeconds: number;
  readonly phaseSeconds: number;
  readonly percent: number;
  readonly minutes?: number;
}

/** Checks of a pool of `size` workers at one CPU, whose points come so late; the last decision. */
function lastDecision(
  policy: Policy,
  size: number,
  { delaySeconds, phaseSeconds, percent, minutes = 3 }: Late,
): Decision {
  let state = initialState();
  let last: Decision | undefined;
  for (let check = 0; check < minutes; check += 1) {
    const now = NOW + check * MINUTE + phaseSeconds * 1000;
    const end = Math.floor((now - delaySeconds * 1000) / MINUTE) * MINUTE;
    const workers = Array.from({ length: size }, (_, index) => ({
      id: `i-${index}`,
      state: "in service" as const,
      inServiceAt: NOW - 120 * MINUTE,
      cpu: Array.from({ length: 12 }, (_, age) => ({ at: end - (age + 1) * MINUTE, percent })),
    }));
    const observation = Observation.parse({ pool: "web", desired: size, min: 1, max: 8, bootSeconds: 90, workers });
    const decided = decide(policy, observation, state, new Date(now));
    ({ state } = decided);
    last = decided.decision;
    if (last.kind !== "hold") break;
  }
  if (last === undefined) throw new Error("no check");
  return last;
}

describe("late metrics", () => {
  const phases = [0, 1, 7, 20, 29.5, 40, 59];
  const delays = [0, 15, 60, 75, 80, 90, 121, 150, 180, 240, 300];

  it.each(delays)("%d s late: a full pool grows at every phase of the check", (delaySeconds) => {
    for (const policy of [cpu, adaptive]) {
      for (const phaseSeconds of phases) {
        const { kind } = lastDecision(policy, 2, { delaySeconds, phaseSeconds, percent: 94, minutes: 1 });
        expect([policy.kind, phaseSeconds, kind]).toEqual([policy.kind, phaseSeconds, "grow"]);
      }
    }
  });

  it.each(delays)("%d s late: an idle pool shrinks at every phase of the check", (delaySeconds) => {
    for (const policy of [cpu, adaptive]) {
      for (const phaseSeconds of phases) {
        const { kind } = lastDecision(policy, 4, { delaySeconds, phaseSeconds, percent: 5, minutes: 15 });
        expect([policy.kind, phaseSeconds, kind]).toEqual([policy.kind, phaseSeconds, "shrink"]);
      }
    }
  });

  /** Points come 60 s late, then no more. */
  const silentFor = (policy: Policy, percent: number, minutes: number): readonly Decision[] => {
    let state = initialState();
    return Array.from({ length: 12 + minutes }, (_, check) => {
      const now = NOW + check * MINUTE;
      const end = Math.min(now - MINUTE, NOW + 11 * MINUTE);
      const workers = Array.from({ length: 4 }, (_, index) => ({
        id: `i-${index}`,
        state: "in service" as const,
        inServiceAt: NOW - 120 * MINUTE,
        cpu: Array.from({ length: 12 }, (_, age) => ({ at: end - (age + 1) * MINUTE, percent })),
      }));
      const observation = Observation.parse({ pool: "web", desired: 4, min: 1, max: 8, bootSeconds: 90, workers });
      const decided = decide(policy, observation, state, new Date(now));
      state = { ...decided.state, desired: 4, change: null, low: { checks: 9, dataUntil: null } };
      return decided.decision;
    }).slice(12);
  };

  it("that stop coming shrink nothing and say since when", () => {
    for (const policy of [cpu, adaptive]) {
      const late = silentFor(policy, 5, 12).slice(3);
      expect(late.every(({ kind }) => kind === "hold")).toBe(true);
      expect(late.at(-1)?.reason).toEqual({ kind: "no-data", since: NOW + 11 * MINUTE });
    }
  });

  it("that stop coming may still grow the pool, for ten minutes", () => {
    const decisions = silentFor(cpu, 94, 12);
    expect(decisions.slice(0, 8).every(({ kind }) => kind === "grow")).toBe(true);
    expect(decisions.at(-1)?.reason.kind).toBe("no-data");
  });
});

describe("lost points", () => {
  /** Loses `share` of the points, the same ones in each run. */
  const losing = (share: number) => (id: string, minute: number) => {
    const hash = Math.imul(Number(id.slice(1)) * 7_919 + minute, 2_654_435_761) >>> 0;
    return hash / 2 ** 32 < share;
  };

  it.each([0.05, 0.1, 0.2])("%d of them: the adaptive rule is at 3 workers or less within an hour", (share) => {
    const model = { policy: adaptive, min: 1, max: 8, start: 8, minutes: 240, loses: losing(share) } as const;
    const steps = runModel({ ...model, load: () => 1, reportsRequests: false });
    expect(steps.find(({ second }) => second === 3_600)?.before).toBeLessThanOrEqual(3);
    expect(steps.slice(60).every(({ before }) => before >= 2)).toBe(true);
  });

  it.each([0.05, 0.1, 0.2])("%d of them: the CPU rule gets its two low checks", (share) => {
    const model = { policy: cpu, min: 1, max: 8, start: 8, minutes: 90, loses: losing(share) } as const;
    const steps = runModel({ ...model, load: () => 0.5, reportsRequests: false });
    expect(steps.at(-1)?.before).toBeLessThanOrEqual(2);
    expect(changesOf(steps).every(({ decision }) => decision.kind === "shrink")).toBe(true);
  });

  it.each([cpu, adaptive])("of workers that died refuse nothing: $kind", (policy) => {
    const model = { policy, min: 1, max: 8, start: 8, minutes: 120, diesEveryMinutes: 20 } as const;
    const steps = runModel({ ...model, load: () => 1, reportsRequests: false });
    expect(steps.find(({ second }) => second === 3_600)?.before).toBeLessThanOrEqual(4);
  });

  it("of a living worker still count as a full one", () => {
    const model = { policy: adaptive, min: 1, max: 8, start: 3, minutes: 60 } as const;
    const steps = runModel({ ...model, load: () => 1.5, loses: (id) => id === "w1", reportsRequests: false });
    // Two report 50 % each; the third may be full: 2.0 do not fit 2 workers.
    expect(steps.every(({ before }) => before >= 3)).toBe(true);
  });
});
