import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Decided } from "../decision.ts";
import { Observation, type ObservationInput } from "../observation.ts";
import { QueuePolicy } from "../policy.ts";
import { initialState, type State } from "../policy-state.ts";
import { decide } from "./decide.ts";
import { workersFor } from "./queue.ts";

const NOW = Date.UTC(2026, 0, 5, 14, 0, 20);
const MINUTE = 60_000;
const policy = QueuePolicy.parse({ kind: "queue" });

interface Jobs {
  readonly size?: number;
  readonly waiting?: number;
  /** Arrivals a minute. */
  readonly perMinute?: number;
  readonly busy?: number;
  readonly serviceSeconds?: number | null;
  readonly now?: number;
  readonly input?: Partial<ObservationInput>;
}

function seen(jobs: Jobs): Observation {
  const { size = 3, waiting = 0, perMinute = 0, busy = 0, serviceSeconds = 60, now = NOW, input = {} } = jobs;
  const last = Math.floor(now / MINUTE) * MINUTE - 2 * MINUTE;
  return Observation.parse({
    pool: "annotator",
    desired: size,
    min: 2,
    max: 10,
    workers: Array.from({ length: size }, (_, index) => ({
      id: `i-${index}`,
      state: "in service",
      inServiceAt: NOW - 60 * MINUTE,
      busy: index < busy,
    })),
    queue: {
      waiting,
      inFlight: busy,
      serviceSeconds,
      finished: serviceSeconds === null ? 0 : 20,
      sent: Array.from({ length: 10 }, (_, age) => ({ at: last - age * MINUTE, count: perMinute })),
    },
    ...input,
  });
}

function check(observation: Observation, state: State = initialState(), now = NOW): Decided {
  return decide(policy, observation, { ...state, desired: observation.desired }, new Date(now));
}

/** A check after `minutes` of the same: a shrink goes to the most that was needed lately. */
function checkAfter(jobs: Jobs, before: Jobs, minutes: number): Decided {
  const first = check(seen(before));
  const later = NOW + minutes * MINUTE;
  return check(seen({ ...jobs, now: later }), { ...first.state, desired: jobs.size ?? 3 }, later);
}

describe("the workers that the work needs", () => {
  it.each([
    // 6 a minute × 60 s = 6 workers busy, at 80 % of the time.
    { perMinute: 6, waiting: 0, inFlight: 6, serviceSeconds: 60, needs: 8 },
    // 40 jobs of 10 s: 7 workers begin them within 60 s.
    { perMinute: 0, waiting: 40, inFlight: 0, serviceSeconds: 10, needs: 7 },
    // Arrivals go on while the backlog is cleared: 2 more.
    { perMinute: 12, waiting: 40, inFlight: 0, serviceSeconds: 10, needs: 9 },
    // A job of 10 min holds its worker: one for each, beside those that stay busy for longer than the wait.
    { perMinute: 0, waiting: 40, inFlight: 4, serviceSeconds: 600, needs: 44 },
    // Running jobs need their workers, by their length.
    { perMinute: 0, waiting: 0, inFlight: 4, serviceSeconds: 600, needs: 4 },
    { perMinute: 0, waiting: 0, inFlight: 6, serviceSeconds: 10, needs: 1 },
    // 3 long jobs a minute: 38 workers in the long run, but 5 arrive before another worker could come.
    { perMinute: 3, waiting: 0, inFlight: 4, serviceSeconds: 600, needs: 9 },
  ])("are $needs for $perMinute a minute of $serviceSeconds s, $waiting waiting", ({ perMinute, needs, ...work }) => {
    expect(workersFor(policy, { perSecond: perMinute / 60, bootSeconds: 90, ...work }).needs).toBe(needs);
  });
});

describe("the queue rule", () => {
  it("grows at once to what begins the waiting jobs in time", () => {
    const { decision } = check(seen({ size: 4, busy: 4, waiting: 40, serviceSeconds: 600 }));
    expect(decision).toMatchObject({
      kind: "grow",
      desired: 10,
      reason: {
        kind: "queue-grew",
        finding: { kind: "work", waiting: 40, serviceSeconds: 600, learned: true, needs: 44 },
      },
    });
    expect(check(seen({ size: 10, busy: 4, waiting: 40, serviceSeconds: 600 })).decision.reason).toMatchObject({
      kind: "at-maximum",
      wanted: 44,
    });
  });

  it("grows on while workers boot, but not twice for the same jobs", () => {
    const booting = seen({ size: 3, busy: 3, waiting: 6, input: { desired: 9 } });
    expect(check(booting).decision.kind).toBe("hold");
    expect(check(seen({ size: 3, busy: 3, waiting: 20, input: { desired: 9 } })).decision.desired).toBe(10);
  });

  it("shrinks idle workers to the most that was needed within 4 minutes", () => {
    const quiet = { size: 10, perMinute: 1, busy: 1 };
    const rush = { size: 10, perMinute: 4, busy: 6 };
    expect(checkAfter(quiet, rush, 3).decision).toMatchObject({ kind: "shrink", desired: 6, reason: { held: 6 } });
    expect(checkAfter(quiet, rush, 4).decision).toMatchObject({ kind: "shrink", desired: 2, reason: { held: 2 } });
    expect(checkAfter({ ...quiet, size: 6 }, { ...rush, size: 6 }, 3).decision.reason).toMatchObject({
      kind: "queue-fits",
      held: 6,
      heldSeconds: 240,
    });
  });

  it("waits less with jobs that are longer than the acceptable wait, because they hold their workers anyway", () => {
    const long = { size: 10, serviceSeconds: 600 };
    expect(checkAfter({ ...long, busy: 3 }, { ...long, busy: 6 }, 2).decision.desired).toBe(3);
  });

  it("never takes a busy worker, and none while a job waits", () => {
    expect(check(seen({ size: 10, busy: 7, serviceSeconds: 10 })).decision).toMatchObject({ desired: 7 });
    expect(check(seen({ size: 4, busy: 4, serviceSeconds: 10 })).decision.reason).toEqual({
      kind: "no-idle-worker",
      busy: 4,
      of: 4,
    });
    expect(check(seen({ size: 4, busy: 2, waiting: 1 })).decision.kind).toBe("hold");
  });

  it("assumes 60 s a job until one has finished, and keeps what it learned", () => {
    const assumed = check(seen({ perMinute: 4, serviceSeconds: null }));
    expect(assumed.decision).toMatchObject({ desired: 5, reason: { finding: { learned: false, serviceSeconds: 60 } } });
    const learned = check(seen({ perMinute: 4, serviceSeconds: 30 })).state;
    expect(learned.service).toEqual({ seconds: 30, finished: 20 });
    const later = check(seen({ perMinute: 4, serviceSeconds: null }), learned);
    expect(later.decision).toMatchObject({ kind: "hold", reason: { finding: { learned: true, serviceSeconds: 30 } } });
  });

  it("holds when the queue does not answer, and does not shrink without the arrivals", () => {
    expect(check(seen({ input: { queue: null } })).decision.reason).toEqual({ kind: "queue-silent" });
    const observation = seen({ size: 10 });
    const blind = { ...observation, queue: observation.queue === null ? null : { ...observation.queue, sent: [] } };
    expect(check(blind).decision.reason).toEqual({ kind: "data-missing", withinSeconds: 300 });
    const backlog = { ...blind, queue: blind.queue === null ? null : { ...blind.queue, waiting: 30 } };
    expect(check(backlog).decision.kind).toBe("hold");
    expect(check({ ...backlog, desired: 4, workers: backlog.workers.slice(0, 4) }).decision.kind).toBe("grow");
  });

  it("never leaves the limits and never shrinks with work waiting", () => {
    const job = fc.record({ waiting: fc.nat(200), perMinute: fc.nat(20), busy: fc.nat(10) });
    fc.assert(
      fc.property(fc.array(job, { minLength: 1, maxLength: 40 }), fc.integer({ min: 2, max: 10 }), (jobs, start) => {
        let state = initialState();
        let size = start;
        for (const [minute, entry] of jobs.entries()) {
          const now = NOW + minute * MINUTE;
          const { decision, state: next } = decide(policy, seen({ ...entry, size, now }), state, new Date(now));
          expect(decision.desired).toBeGreaterThanOrEqual(2);
          expect(decision.desired).toBeLessThanOrEqual(10);
          if (decision.kind === "shrink") expect([entry.waiting, entry.busy < size]).toEqual([0, true]);
          state = next;
          size = decision.desired;
        }
      }),
      { numRuns: 100 },
    );
  });
});
