import { type Beat, unbrokenGapMs, type WorkerRecord } from "@elastic-gas/shared/pools/worker-record";
import { POOL_NAMES } from "@elastic-gas/shared/resources";
import { buildRecord } from "@elastic-gas/testing/scaling/build-worker";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { POOLS } from "./pools.ts";
import { plan } from "./reconcile-plan.ts";
import {
  describeWorker,
  type InstanceFacts,
  MISSED_HEARTBEATS,
  type TargetFacts,
  type Worker,
  type WorkerFacts,
  workerRules,
} from "./worker-state.ts";
import { compareWithPublished, readPublished } from "./worker-state-published.ts";
import { describeWorkerReason, WorkerReason } from "./worker-state-reason.ts";

const NOW = Date.UTC(2026, 0, 5, 14, 0, 0);
const SETTINGS = {
  HEARTBEAT_SECONDS: 10,
  BOOT_DEADLINE_SECONDS: 300,
  DEREGISTRATION_DELAY_SECONDS: 60,
  JOB_TIMEOUT_SECONDS: 1_800,
};
const reader = { now: NOW, timeZone: "UTC" };

const instance = (state: InstanceFacts["state"] = "running", changes: Partial<InstanceFacts> = {}): InstanceFacts => ({
  id: "i-1",
  state,
  releaseId: null,
  launchedAt: NOW - 100_000,
  subnetId: "subnet-a",
  stateReason: null,
  ...changes,
});
const target = (state: string, reason: string | null = null): TargetFacts => ({ state, reason, description: null });
const web = (seen?: TargetFacts, record?: WorkerRecord, state?: InstanceFacts["state"]): Worker =>
  describeWorker({ instance: instance(state), target: seen, record }, workerRules("web", SETTINGS), NOW);
const annotator = (record?: WorkerRecord): Worker =>
  describeWorker({ instance: instance(), target: undefined, record }, workerRules("annotator", SETTINGS), NOW);

describe("a worker behind the load balancer", () => {
  const served = buildRecord({ inServiceAt: NOW - 50_000, unhealthySince: NOW - 20_000 });
  it.each([
    ["is pending until it is registered", undefined, undefined, "pending", "booting", false],
    ["is warming until its first health checks pass", target("initial"), undefined, "warming", "first checks", true],
    ["is warming while it was never in service", target("unhealthy"), buildRecord(), "warming", "first checks", true],
    ["is in service when healthy", target("healthy"), buildRecord(), "in service", "healthy", true],
    ["is unhealthy when checks fail later", target("unhealthy"), served, "unhealthy", "failing checks", true],
    ["is unhealthy when somebody else deregistered it", undefined, served, "unhealthy", "not registered", false],
    ["is unhealthy while it drains for somebody else", target("draining"), served, "unhealthy", "deregistered", false],
    [
      "is draining once it was chosen, whatever the balancer says",
      target("healthy"),
      buildRecord({ draining: true }),
      "draining",
      "draining",
      true,
    ],
  ] as const)("%s", (_, seen, record, state, kind, registered) => {
    expect(web(seen, record)).toMatchObject({ state, reason: { kind }, registered });
  });

  it("is overdue when it is not in service by its deadline", () => {
    const at = (age: number): Worker =>
      describeWorker(
        { instance: instance("running", { launchedAt: NOW - age }), target: target("initial"), record: undefined },
        workerRules("web", SETTINGS),
        NOW,
      );
    expect(at(300_000).reason.kind).toBe("first checks");
    expect(at(300_001)).toMatchObject({ state: "warming", reason: { kind: "overdue", afterMs: 300_000 } });
  });

  it("has drained when the target group has let it go, or after the deadline", () => {
    const chosen = buildRecord({ draining: true, drainingAt: NOW - 10_000 });
    expect(web(target("draining"), chosen).drained).toBe(false);
    expect(web(undefined, chosen).drained).toBe(true);
    expect(web(target("draining"), { ...chosen, drainingAt: NOW - 90_001 }).drained).toBe(true);
  });

  it("ends with its instance: stopped is to be ended, terminated says why", () => {
    expect(web(target("healthy"), served, "shutting-down").state).toBe("terminating");
    expect(web(undefined, served, "stopped")).toMatchObject({ state: "draining", drained: true });
    const fault = { kind: "silent", beatAt: NOW - 70_000 };
    const record = buildRecord({ draining: true, victimReason: "replacement", endedFor: fault });
    expect(web(undefined, record, "terminated")).toMatchObject({
      state: "terminated",
      reason: { kind: "terminated", cause: "replacement", because: fault },
    });
  });
});

describe("a worker whose pages cannot use the database", () => {
  const HEARTBEAT = 10_000;
  /** Its own last heartbeat, and those of one other worker: last, and unbroken since (ages). */
  const judgeBeats = (own: number, other?: readonly [at: number, since: number], pool: "web" | "annotator" = "web") =>
    describeWorker(
      {
        instance: instance(),
        target: target("healthy"),
        record: buildRecord({ inServiceAt: NOW - 900_000, heartbeatAt: NOW - own }),
        beats: [
          { instanceId: "i-1", at: NOW - own, since: NOW - 900_000 },
          ...(other === undefined ? [] : [{ instanceId: "i-2", at: NOW - other[0], since: NOW - other[1] }]),
        ],
      },
      workerRules(pool, SETTINGS),
      NOW,
    );

  it.each([
    ["is unhealthy when it missed its heartbeats for 30 s and another worker none", 40_001, [3_000, 600_000], true],
    ["has 30 s from when its heartbeat was due", 40_000, [3_000, 600_000], false],
    ["is no worse than the others when they could not write either", 120_000, [110_000, 600_000], false],
    ["has 30 s again when the others could write only from then on", 120_000, [3_000, 40_000], false],
    ["is unhealthy when it alone did not recover", 120_000, [3_000, 40_001], true],
    ["is left alone when nobody is there to compare with", 3_600_000, undefined, false],
  ] as const)("%s", (_, own, other, lost) => {
    expect(judgeBeats(own, other)).toMatchObject(
      lost
        ? { state: "unhealthy", reason: { kind: "without database", lostAt: NOW - own } }
        : { state: "in service", reason: { kind: "healthy" } },
    );
  });

  it("is judged by its own first heartbeat only: one that never reached the database still boots", () => {
    const beats = [{ instanceId: "i-2", at: NOW, since: NOW - 900_000 }];
    const judge = (record: WorkerRecord) =>
      describeWorker(
        { instance: instance(), target: target("healthy"), record, beats },
        workerRules("web", SETTINGS),
        NOW,
      ).state;
    expect(judge(buildRecord({ inServiceAt: NOW - 900_000 }))).toBe("in service");
    expect(judge(buildRecord({ heartbeatAt: NOW - 900_000 }))).toBe("in service");
  });

  /**
   * Heartbeats of some workers until NOW: each every 10 s with its own phase, none while it cannot reach the database.
   */
  const beatsUntilNow = (phases: readonly number[], reaches: (worker: number, at: number) => boolean) =>
    phases.map((phase, worker) => {
      let written: { at: number; since: number } | undefined;
      for (let at = NOW - 600_000 + phase; at <= NOW; at += HEARTBEAT) {
        if (!reaches(worker, at)) continue;
        const unbroken = written !== undefined && at - written.at <= unbrokenGapMs(HEARTBEAT);
        written = { at, since: unbroken && written !== undefined ? written.since : at };
      }
      return { instanceId: `i-${worker}`, ...(written ?? { at: NOW - 600_000, since: NOW - 600_000 }) };
    });
  const judgeAll = (beats: readonly Beat[]) =>
    beats.map(
      ({ instanceId, at }) =>
        describeWorker(
          {
            instance: instance("running", { id: instanceId }),
            target: target("healthy"),
            record: buildRecord({ instanceId, inServiceAt: NOW - 900_000, heartbeatAt: at }),
            beats,
          },
          workerRules("web", SETTINGS),
          NOW,
        ).state,
    );
  const somePhases = fc.array(fc.integer({ min: 0, max: HEARTBEAT - 1 }), { minLength: 1, maxLength: 6 });

  it("never happens when the database is away for all of them, however long and whenever it comes back", () => {
    fc.assert(
      fc.property(somePhases, fc.nat(500_000), fc.nat(500_000), (phases, length, ago) => {
        const beats = beatsUntilNow(phases, (_, at) => at < NOW - ago - length || at > NOW - ago);
        expect(judgeAll(beats)).toEqual(phases.map(() => "in service"));
      }),
      { numRuns: 2_000 },
    );
  });

  it("is found within 50 s, it alone, when it lost the database and the others did not", () => {
    fc.assert(
      fc.property(somePhases, fc.integer({ min: 50_000, max: 500_000 }), (phases, ago) => {
        const beats = beatsUntilNow([0, ...phases], (worker, at) => worker !== 0 || at < NOW - ago);
        expect(judgeAll(beats)).toEqual(["unhealthy", ...phases.map(() => "in service")]);
      }),
      { numRuns: 1_000 },
    );
  });
});

describe("a worker that EC2 is about to end", () => {
  const interruption = { what: "spot", at: NOW + 120_000 };
  it.each([
    ["in service", target("healthy"), buildRecord({ interruption })],
    ["unhealthy", target("unhealthy"), buildRecord({ interruption, inServiceAt: NOW - 50_000 })],
    ["pending", undefined, buildRecord({ interruption })],
  ] as const)("is %s as before, and says so", (state, seen, record) => {
    expect(web(seen, record)).toMatchObject({ state, reason: { kind: "interruption", ...interruption } });
  });

  it("drains as any other once it was chosen", () => {
    const record = buildRecord({ interruption, draining: true, victimReason: "replacement" });
    expect(web(target("draining"), record).reason).toMatchObject({ kind: "draining", cause: "replacement" });
  });

  it("is none for what nobody can read", () => {
    expect(web(target("healthy"), buildRecord({ interruption: { what: "flood" } })).reason).toEqual({
      kind: "healthy",
    });
  });
});

describe("a worker without a load balancer", () => {
  it("is pending until its first heartbeat, then in service while no more than 6 are missing", () => {
    expect(annotator(buildRecord()).state).toBe("pending");
    const limit = MISSED_HEARTBEATS * 10_000;
    expect(limit).toBe(60_000);
    expect(annotator(buildRecord({ heartbeatAt: NOW - limit })).state).toBe("in service");
    expect(annotator(buildRecord({ heartbeatAt: NOW - limit - 1 }))).toMatchObject({
      state: "unhealthy",
      reason: { kind: "silent", beatAt: NOW - limit - 1 },
    });
  });

  it("is busy while it runs a job, and unknown before it said so", () => {
    expect(annotator(buildRecord({ heartbeatAt: NOW, jobId: "j" }))).toMatchObject({
      busy: true,
      reason: { kind: "runs job", jobId: "j" },
    });
    expect(annotator(buildRecord({ heartbeatAt: NOW }))).toMatchObject({ busy: false, reason: { kind: "idle" } });
    expect(annotator(buildRecord()).busy).toBeNull();
  });

  it("has drained with the second beat without a job after it was told, for it may have taken one in between", () => {
    const told = buildRecord({ draining: true, drainingAt: NOW - 20_000 });
    expect(annotator({ ...told, heartbeatAt: NOW - 15_000 }).drained).toBe(false);
    expect(annotator({ ...told, heartbeatAt: NOW - 9_000 }).drained).toBe(true);
    expect(annotator({ ...told, heartbeatAt: NOW, jobId: "j" }).drained).toBe(false);
  });

  it("has drained when it fell silent", () => {
    const silent = { draining: true, drainingAt: NOW - 10_000, heartbeatAt: NOW - 61_000, jobId: "j" };
    expect(annotator(buildRecord(silent)).drained).toBe(true);
  });
});

it("tells an admin's request from a victim that is draining already, and reads an earlier version's words", () => {
  expect(web(target("healthy"), buildRecord({ victimReason: "replacement" })).request).toBe("replacement");
  expect(web(target("healthy"), buildRecord({ victimReason: "replacement", draining: true })).request).toBeNull();
  expect(web(undefined, buildRecord({ victimReason: "vanished", draining: true }), "terminated").reason).toMatchObject({
    cause: "lost",
  });
});

describe("every combination of facts", () => {
  const INSTANCE_STATES = ["pending", "running", "shutting-down", "terminated", "stopping", "stopped"] as const;
  const TARGET_STATES = ["initial", "healthy", "unhealthy", "unhealthy.draining", "draining", "unused", "unavailable"];
  const ago = (...ages: readonly number[]) => fc.constantFrom(null, ...ages.map((age) => NOW - age));
  const someRecord = fc
    .record({
      jobId: fc.constantFrom(null, "0c9e4d71-0000-4000-8000-000000000000"),
      draining: fc.boolean(),
      drainingAt: ago(1_000, 15_000, 95_000, 2_000_000),
      protected: fc.boolean(),
      victimReason: fc.constantFrom(null, "shrink", "replacement", "stop", "lost", "vanished", "another"),
      endedFor: fc.constantFrom(null, { kind: "silent", beatAt: NOW - 61_000 }, { kind: "unknown" }),
      inServiceAt: ago(50_000),
      unhealthySince: ago(59_999, 60_000),
      heartbeatAt: ago(0, 60_000, 60_001),
    })
    .map(buildRecord);
  const someFacts = fc.record({
    pool: fc.constantFrom(...POOL_NAMES),
    launchedAt: fc.constantFrom(NOW - 299_999, NOW - 300_001),
    state: fc.constantFrom(...INSTANCE_STATES),
    target: fc.option(
      fc.record({
        state: fc.constantFrom(...TARGET_STATES),
        reason: fc.constantFrom(null, "Target.Timeout", "Some.NewCode"),
        description: fc.constantFrom(null, "Health checks failed."),
      }),
      { nil: undefined },
    ),
    record: fc.option(someRecord, { nil: undefined }),
  });

  const judged = (facts: WorkerFacts, pool: keyof typeof POOLS): Worker =>
    describeWorker(facts, workerRules(pool, SETTINGS), NOW);

  it("what the page shows is what the loop acts on", () => {
    fc.assert(
      fc.property(someFacts, ({ pool, launchedAt, state, target: seen, record }) => {
        const facts = { instance: instance(state, { launchedAt }), target: seen, record };
        const worker = judged(facts, pool);
        // As the loop publishes it, MySQL keeps it and a page that looks a second later reads it.
        const stored = { state: worker.state, reason: JSON.parse(JSON.stringify(worker.reason)), since: NOW };
        const own = judged({ ...facts, record: record && { ...record, published: stored } }, pool);
        const shown = compareWithPublished(readPublished(stored, NOW), { ...own, at: NOW + 1_000 });
        expect(shown).toMatchObject({ state: worker.state, reason: worker.reason, newer: null });

        const next = plan(
          {
            ...POOLS[pool],
            desired: 1,
            stopping: false,
            bootDeadlineMs: 300_000,
            unhealthyGraceMs: 60_000,
            launching: 0,
            replacing: 0,
            launchFailures: { inARow: 0, retryAt: null },
            update: null,
          },
          [worker],
          NOW,
        );
        const [victim] = next.victims;
        switch (shown.state) {
          case "in service":
            if (worker.request === null) expect(next).toMatchObject({ victims: [], launch: 0 });
            break;
          case "pending":
          case "warming":
            if (worker.request === null)
              expect(victim?.because ?? null).toEqual(shown.reason.kind === "overdue" ? shown.reason : null);
            break;
          case "unhealthy":
            if (worker.request === null && !POOLS[pool].replacesByAddingFirst)
              expect(victim?.because ?? null).toEqual(
                NOW - (worker.unhealthySince ?? NOW) >= 60_000 ? shown.reason : null,
              );
            break;
          case "draining":
            expect(next.terminate).toEqual(worker.drained ? [worker.id] : []);
            expect(next.launch).toBe(1);
            break;
          case "terminating":
          case "terminated":
            expect(next).toMatchObject({ victims: [], terminate: [], deregister: [], launch: 1 });
        }
      }),
      { numRuns: 3_000 },
    );
  });

  it("has a reason that survives its storage and a sentence without gaps", () => {
    fc.assert(
      fc.property(someFacts, ({ pool, launchedAt, state, target: seen, record }) => {
        const { reason } = judged({ instance: instance(state, { launchedAt }), target: seen, record }, pool);
        expect(WorkerReason.parse(JSON.parse(JSON.stringify(reason)))).toEqual(reason);
        const sentence = describeWorkerReason(reason, reader);
        expect(sentence).not.toMatch(/undefined|null|NaN|Invalid|\.$|^$/);
      }),
      { numRuns: 1_000 },
    );
  });
});
