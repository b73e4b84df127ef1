import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Decided } from "../decision.ts";
import { Observation, type ObservationInput } from "../observation.ts";
import { QueueThresholdsPolicy } from "../policy.ts";
import { initialState, type State } from "../policy-state.ts";
import { decide } from "./decide.ts";

const NOW = Date.UTC(2026, 0, 5, 14, 0, 20);
const MINUTE = 60_000;
const policy = QueueThresholdsPolicy.parse({ kind: "queue-thresholds" });

interface Jobs {
  readonly size?: number;
  readonly waiting?: number;
  /** In 10 minutes, spread evenly. */
  readonly sent?: number;
  readonly busy?: number;
  readonly now?: number;
  readonly input?: Partial<ObservationInput>;
}

function seen({ size = 3, waiting = 0, sent = 0, busy = 0, now = NOW, input = {} }: Jobs): Observation {
  const last = Math.floor(now / MINUTE) * MINUTE - MINUTE;
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
      sent: Array.from({ length: 10 }, (_, age) => ({ at: last - age * MINUTE, count: sent / 10 })),
    },
    ...input,
  });
}

function check(observation: Observation, state: State = initialState(), now = NOW): Decided {
  return decide(policy, observation, { ...state, desired: observation.desired }, new Date(now));
}

describe("the queue thresholds", () => {
  it("adds a worker when more than 50 messages were sent in 10 minutes and messages wait", () => {
    const { decision } = check(seen({ sent: 60, waiting: 4, busy: 3 }));
    expect(decision).toMatchObject({ kind: "grow", desired: 4, facts: { measured: 60 } });
    expect(decision.reason).toEqual({
      kind: "thresholds-grew",
      pool: "annotator",
      from: 3,
      to: 4,
      finding: { kind: "many-sent", sent: 60, withinSeconds: 600, limit: 50, waiting: 4 },
      max: 10,
    });
  });

  it("adds nobody for arrivals that the pool serves", () => {
    expect(check(seen({ sent: 60, waiting: 0, busy: 2 })).decision.kind).toBe("hold");
  });

  it("adds a worker for a backlog, whatever arrives", () => {
    expect(check(seen({ waiting: 31 })).decision).toMatchObject({ kind: "grow", desired: 4 });
    expect(check(seen({ waiting: 30 })).decision.kind).toBe("hold");
  });

  it("says the backlog when nothing changes", () => {
    expect(check(seen({ waiting: 7, busy: 3 })).decision.reason).toEqual({
      kind: "thresholds-waits",
      perWorker: expect.closeTo(7 / 3),
      limit: 10,
    });
  });

  it("removes an idle worker after two checks with few messages and nothing waiting", () => {
    const first = check(seen({ sent: 4, busy: 2 }));
    expect(first.decision.facts).toMatchObject({ outcome: "would shrink", checks: { have: 1, need: 2 } });
    const second = check(seen({ sent: 4, busy: 2, now: NOW + MINUTE }), first.state, NOW + MINUTE);
    expect(second.decision).toMatchObject({ kind: "shrink", desired: 2 });
  });

  it("keeps the pool while a job waits, however little arrives", () => {
    expect(check(seen({ waiting: 1 })).decision.facts.outcome).toBe("no change");
  });

  it("refuses to shrink while every worker runs a job", () => {
    expect(check(seen({ busy: 3 })).decision.reason).toEqual({ kind: "no-idle-worker", busy: 3, of: 3 });
  });

  it("takes a worker whose state is unknown as busy", () => {
    const observation = seen({});
    const unknown = { ...observation, workers: observation.workers.map((worker) => ({ ...worker, busy: null })) };
    expect(check(unknown).decision.facts.outcome).toBe("shrink refused");
  });

  it("holds while a worker boots and until it had a minute to take its share", () => {
    const growing = seen({ waiting: 60, size: 3, input: { desired: 4 } });
    expect(check(growing).decision.reason).toMatchObject({ kind: "workers-awaited", pending: 1 });
    const fresh = seen({ waiting: 60 });
    const workers = fresh.workers.map((worker, index) =>
      index === 2 ? { ...worker, inServiceAt: NOW - 30_000 } : worker,
    );
    expect(check({ ...fresh, workers }).decision.facts.outcome).toBe("holding");
  });

  it("does nothing without an answer of the queue, and does not shrink on missing periods", () => {
    expect(check(seen({ input: { queue: null } })).decision.facts.outcome).toBe("no data");
    const observation = seen({});
    const partly = observation.queue && { ...observation.queue, sent: observation.queue.sent.slice(0, 6) };
    expect(check({ ...observation, queue: partly }).decision).toMatchObject({
      kind: "hold",
      facts: { outcome: "no data" },
    });
  });

  it("never leaves the limits and never shrinks with work waiting", () => {
    const job = fc.record({ waiting: fc.nat(200), sent: fc.nat(200), busy: fc.nat(10) });
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
