import { buildRecord, buildWorker } from "@elastic-gas/testing/scaling/build-worker";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isStaying, type PlannedPool, plan } from "./reconcile-plan.ts";
import { judgeUpdate, type PoolUpdate, releaseOfLaunch, type UpdatedPool, updateFor } from "./rolling-update.ts";
import { describeStep, type UpdateStep } from "./update-reason.ts";
import { chosenToEnd, type Worker } from "./worker-state.ts";

const NOW = Date.UTC(2026, 0, 5, 14, 0, 0);
const SECOND = 1_000;
/** Of the updates that are run to their end. */
const CANARY_SECONDS = 20;
const [OLD, NEW] = ["old", "new"];
const READER = { now: NOW, timeZone: "UTC" };

function update(changes: Partial<PoolUpdate> = {}): PoolUpdate {
  return {
    state: "running",
    from: OLD,
    to: NEW,
    startedAt: NOW - 600 * SECOND,
    canarySeconds: 120,
    isTurn: true,
    canaryPassedAt: null,
    ...changes,
  };
}

function worker(id: string, releaseId: string, changes: Partial<Worker> = {}): Worker {
  return buildWorker({ id, releaseId, inServiceAt: NOW - 60 * SECOND, ...changes });
}

function pool(workers: readonly Worker[], changes: Partial<UpdatedPool> = {}): UpdatedPool {
  return { workers, records: new Map(), launching: [], failedLaunches: [], unhealthyGraceMs: 60 * SECOND, ...changes };
}

const told = (instanceId: string, releaseId: string, requests: number, failures: number) =>
  buildRecord({
    instanceId,
    releaseId,
    loadPoints: {
      periodSeconds: 10,
      points: [
        // Before the canary came: tells of another load.
        { at: NOW - 300 * SECOND, cpuPercent: 50, requests: 900, successes: 0, failures: 900, responseMs: 1 },
        { at: NOW - 30 * SECOND, cpuPercent: 50, requests, successes: 0, failures, responseMs: 1 },
      ],
    },
  });
const recordsOf = (...records: readonly ReturnType<typeof buildRecord>[]) =>
  new Map(records.map((record) => [record.instanceId, record]));
const fault = { kind: "silent", beatAt: NOW - 70 * SECOND } as const;
const ended = (instanceId: string, changes: object) =>
  buildRecord({ instanceId, releaseId: NEW, draining: true, drainingAt: NOW - SECOND, ...changes });

describe("where an update stands in a pool", () => {
  const cases: readonly (readonly [string, PoolUpdate, UpdatedPool, Partial<UpdateStep> | UpdateStep["kind"]])[] = [
    ["not its turn", update({ isTurn: false }), pool([worker("a", OLD)]), "waiting"],
    ["nothing new yet", update(), pool([worker("a", OLD)]), { kind: "launching canary", fresh: 0, old: 1 }],
    ["paused before the canary", update({ state: "paused" }), pool([worker("a", OLD)]), "paused"],
    [
      "a canary in service",
      update(),
      pool([worker("a", OLD), worker("b", NEW)]),
      { kind: "proving", instanceId: "b", since: NOW - 60 * SECOND },
    ],
    [
      "a canary that boots",
      update(),
      pool([worker("b", NEW, { state: "warming", inServiceAt: null })]),
      "launching canary",
    ],
    [
      "long enough",
      update({ canarySeconds: 60 }),
      pool([worker("a", OLD), worker("b", NEW)]),
      { kind: "proved", instanceId: "b" },
    ],
    [
      "a proved canary",
      update({ canaryPassedAt: NOW }),
      pool([worker("a", OLD), worker("b", NEW)]),
      { kind: "replacing", fresh: 1, old: 1 },
    ],
    [
      "an old one that still drains",
      update({ canaryPassedAt: NOW }),
      pool([worker("a", OLD, { state: "draining" }), worker("b", NEW)]),
      { kind: "replacing", fresh: 1, old: 1 },
    ],
    [
      "a launch of the old release that may still appear",
      update({ canaryPassedAt: NOW }),
      pool([worker("b", NEW)], { launching: [OLD] }),
      "replacing",
    ],
    ["all new", update({ canaryPassedAt: NOW }), pool([worker("b", NEW)]), { kind: "done", fresh: 1, old: 0 }],
    ["all new, none proved", update(), pool([worker("b", NEW)]), "proving"],
    ["a pool of none", update(), pool([]), { kind: "done", fresh: 0 }],
    [
      "going back",
      update({ state: "rolling back" }),
      pool([worker("a", OLD), worker("b", NEW)]),
      { kind: "rolling back", fresh: 1, old: 1 },
    ],
    ["gone back", update({ state: "rolling back" }), pool([worker("a", OLD)]), { kind: "done", fresh: 1 }],
  ];
  it.each(cases)("%s", (_, given, seen, step) => {
    expect(judgeUpdate(given, seen, NOW)).toMatchObject(typeof step === "string" ? { kind: step } : step);
  });

  const failures: readonly (readonly [string, PoolUpdate, UpdatedPool, RegExp | null])[] = [
    [
      "a canary that was lost",
      update(),
      pool([worker("a", OLD)], { records: recordsOf(ended("b", { victimReason: "lost" })) }),
      /^The canary b ended by itself\.$/,
    ],
    [
      "a canary that nobody saw",
      update(),
      pool([], { failedLaunches: [{ instanceId: "b", releaseId: NEW, at: NOW }] }),
      /^The canary b ended by itself\.$/,
    ],
    [
      "a launch of the old release that nobody saw",
      update(),
      pool([], { failedLaunches: [{ instanceId: "b", releaseId: OLD, at: NOW }] }),
      null,
    ],
    [
      "a canary that is late",
      update(),
      pool([worker("b", NEW, { state: "pending", inServiceAt: null, reason: { kind: "overdue", afterMs: 300_000 } })]),
      /^The canary b failed: not in service after 5\u00a0min\.$/,
    ],
    [
      "a canary past its grace",
      update(),
      pool([worker("b", NEW, { state: "unhealthy", unhealthySince: NOW - 60 * SECOND, reason: fault })]),
      /^The canary b failed: no heartbeat for 70\u00a0s\.$/,
    ],
    [
      "a canary within its grace",
      update(),
      pool([worker("b", NEW, { state: "unhealthy", unhealthySince: NOW - 59 * SECOND, reason: fault })]),
      null,
    ],
    [
      "a canary that EC2 took back, which is no fault of its release",
      update(),
      pool([worker("a", OLD)], {
        records: recordsOf(
          ended("b", { victimReason: "replacement", endedFor: { kind: "interruption", what: "spot", at: NOW } }),
        ),
      }),
      null,
    ],
    [
      "an old worker that was lost",
      update(),
      pool([worker("b", NEW)], { records: recordsOf(ended("a", { victimReason: "lost", releaseId: OLD })) }),
      null,
    ],
    [
      "one of an earlier try",
      update(),
      pool([], { records: recordsOf(ended("b", { victimReason: "lost", drainingAt: NOW - 601 * SECOND })) }),
      null,
    ],
    [
      "one loss after the canary",
      update({ canaryPassedAt: NOW }),
      pool([worker("a", OLD)], { records: recordsOf(ended("b", { victimReason: "lost" })) }),
      null,
    ],
    [
      "two failures after the canary",
      update({ canaryPassedAt: NOW }),
      pool([worker("a", OLD)], {
        records: recordsOf(ended("b", { endedFor: fault }), ended("c", { victimReason: "lost" })),
      }),
      /^b failed: no heartbeat .*\. 2 workers of the new release failed in all\.$/,
    ],
    [
      "requests that fail on the canary alone",
      update(),
      pool([worker("a", OLD), worker("b", NEW)], {
        records: recordsOf(told("a", OLD, 300, 1), told("b", NEW, 100, 10)),
      }),
      /^New workers failed 10 of 100 requests \(10\.0\u00a0%\), the others 1 of 300 requests \(0\.3\u00a0%\)\.$/,
    ],
    [
      "requests that fail everywhere",
      update(),
      pool([worker("a", OLD), worker("b", NEW)], {
        records: recordsOf(told("a", OLD, 300, 30), told("b", NEW, 100, 12)),
      }),
      null,
    ],
    ["two failed requests", update(), pool([worker("b", NEW)], { records: recordsOf(told("b", NEW, 2, 2)) }), null],
    [
      "a paused update whose canary fails",
      update({ state: "paused" }),
      pool([], { records: recordsOf(ended("b", { victimReason: "lost" })) }),
      /ended by itself/,
    ],
  ];
  it.each(failures)("%s", (_, given, seen, sentence) => {
    const step = judgeUpdate(given, seen, NOW);
    if (sentence === null) expect(step.kind).not.toBe("failed");
    else expect(describeStep(step, READER)).toMatch(sentence);
  });
});

it("says what the canary has answered", () => {
  const seen = pool([worker("a", OLD), worker("b", NEW)], { records: recordsOf(told("b", NEW, 60, 0)) });
  expect(describeStep(judgeUpdate(update(), seen, NOW), READER)).toBe(
    "The canary b is in service; it must stay so until 14:01:00; 0 of 60 requests failed.",
  );
});

describe("what a launch runs", () => {
  it.each<readonly [string, PoolUpdate, readonly string[], string]>([
    ["the first one is the canary", update(), [OLD, OLD], NEW],
    ["others stay with what works", update(), [OLD, NEW], OLD],
    ["a proved release", update({ canaryPassedAt: NOW }), [OLD], NEW],
    ["before the pool's turn", update({ isTurn: false }), [OLD], OLD],
    ["while it is paused", update({ state: "paused" }), [OLD], OLD],
    ["while it is paused, proved", update({ state: "paused", canaryPassedAt: NOW }), [OLD], NEW],
    ["on the way back", update({ state: "rolling back", canaryPassedAt: NOW }), [NEW], OLD],
  ])("%s", (_, given, present, release) => {
    expect(releaseOfLaunch(given, present)).toBe(release);
  });
});

/** What somebody asks for: another size, a pause, a resume, the way back. */
type Event = number | "pause" | "resume" | "roll back";

/** A pool in which the new release works or fails, a tick of one second at a time. */
function run(
  given: {
    readonly desired: number;
    readonly balanced: boolean;
    readonly bootSeconds: number;
    readonly drainSeconds: number;
    readonly newFails: boolean;
    readonly events: ReadonlyMap<number, Event>;
  },
  look: (workers: readonly Worker[], desired: number, now: number) => void,
): { readonly release: string; readonly workers: readonly Worker[] } | null {
  let { desired } = given;
  let state = update({ startedAt: 0, canarySeconds: CANARY_SECONDS });
  let workers: readonly Worker[] = Array.from({ length: desired }, (_, index) =>
    worker(`old-${index}`, OLD, { inServiceAt: 0 }),
  );
  const drainingSince = new Map<string, number>();
  let launched = 0;
  let records = recordsOf();
  for (let second = 1; second < 4_000; second += 1) {
    const now = second * SECOND;
    const event = given.events.get(second);
    if (typeof event === "number") desired = event;
    if (event === "pause" && state.state === "running") state = { ...state, state: "paused" };
    if (event === "resume" && state.state === "paused") state = { ...state, state: "running" };
    if (event === "roll back") state = { ...state, state: "rolling back" };
    workers = workers
      .filter(({ id, state: at }) => at !== "draining" || second - (drainingSince.get(id) ?? 0) < given.drainSeconds)
      .map((each): Worker => {
        if (each.state === "draining" || now - each.launchedAt < given.bootSeconds * SECOND) return each;
        if (given.newFails && each.releaseId === NEW)
          return { ...each, reason: { kind: "overdue", afterMs: given.bootSeconds * SECOND } };
        return { ...each, state: "in service", reason: { kind: "healthy" }, inServiceAt: each.inServiceAt ?? now };
      });
    const step = judgeUpdate(state, pool(workers, { records }), now);
    if (step.kind === "done") return { release: updateFor(state).target, workers };
    if (step.kind === "failed") state = { ...state, state: "rolling back" };
    if (step.kind === "proved") state = { ...state, canaryPassedAt: now };
    const planned = plan(planOf(desired, given.balanced, state), workers, now);
    for (const victim of planned.victims) {
      drainingSince.set(victim.id, second);
      const { releaseId = null } = workers.find(({ id }) => id === victim.id) ?? {};
      const record = ended(victim.id, { releaseId, drainingAt: now, endedFor: victim.because });
      records = new Map([...records, [victim.id, record]]);
    }
    workers = workers.map((each) => {
      const victim = planned.victims.find(({ id }) => id === each.id);
      return victim === undefined ? each : chosenToEnd(each, victim);
    });
    for (let count = 0; count < planned.launch; count += 1) {
      const releaseId = releaseOfLaunch(
        state,
        workers.filter(isStaying).map((each) => each.releaseId),
      );
      workers = [
        ...workers,
        worker(`w-${launched++}`, releaseId, {
          state: "pending",
          launchedAt: now,
          inServiceAt: null,
          registered: true,
        }),
      ];
    }
    look(workers, desired, now);
  }
  return null;
}

function planOf(desired: number, balanced: boolean, state: PoolUpdate): PlannedPool {
  return {
    desired,
    balanced,
    stopping: false,
    shrinksIdleOnly: false,
    replacesByAddingFirst: false,
    bootDeadlineMs: 300 * SECOND,
    unhealthyGraceMs: 60 * SECOND,
    launching: 0,
    replacing: 0,
    launchFailures: { inARow: 0, retryAt: null },
    update: updateFor(state),
  };
}

const POOL = {
  desired: fc.integer({ min: 1, max: 8 }),
  balanced: fc.boolean(),
  bootSeconds: fc.integer({ min: 1, max: 40 }),
  drainSeconds: fc.integer({ min: 1, max: 60 }),
  newFails: fc.boolean(),
};

describe("a whole update", () => {
  it("ends with every worker on one release, never with fewer in service than before, one more at the most", () => {
    fc.assert(
      fc.property(fc.record(POOL), (given) => {
        const end = run({ ...given, events: new Map() }, (workers, _, now) => {
          expect(workers.filter(({ state }) => state === "in service").length).toBeGreaterThanOrEqual(given.desired);
          // Draining ones included: an update never costs more than one instance.
          expect(workers.length).toBeLessThanOrEqual(given.desired + 1);
          if (!workers.some(({ state, releaseId }) => state === "draining" && releaseId === OLD)) return;
          const proved = workers.filter(({ releaseId, inServiceAt }) => releaseId === NEW && inServiceAt !== null);
          expect(Math.min(...proved.map(({ inServiceAt }) => inServiceAt ?? now))).toBeLessThanOrEqual(
            now - CANARY_SECONDS * SECOND,
          );
        });
        expect(end?.release).toBe(given.newFails ? OLD : NEW);
        expect(end?.workers.map(({ releaseId }) => releaseId)).toEqual(Array(given.desired).fill(end?.release));
      }),
      { numRuns: 50 },
    );
  });

  it("shows no more than one worker of a release that fails", () => {
    fc.assert(
      fc.property(fc.record({ ...POOL, newFails: fc.constant(true) }), (given) => {
        const seen = new Set<string>();
        run({ ...given, events: new Map([[5, 8]]) }, (workers) => {
          for (const { id, releaseId } of workers) if (releaseId === NEW) seen.add(id);
        });
        expect(seen.size).toBe(1);
      }),
      { numRuns: 50 },
    );
  });

  it("ends too when the pool is resized, paused, resumed and rolled back meanwhile", () => {
    const anyEvent = fc.oneof(fc.integer({ min: 1, max: 8 }), fc.constantFrom("pause" as const, "roll back" as const));
    fc.assert(
      fc.property(
        fc.record(POOL),
        fc.array(fc.tuple(fc.integer({ min: 2, max: 400 }), anyEvent), { maxLength: 4 }),
        (given, events) => {
          const resumed = events.map(([second]) => [second + 50, "resume"] as const);
          const all: readonly (readonly [number, Event])[] = [...resumed, ...events];
          const end = run({ ...given, events: new Map(all) }, (workers, desired) => {
            expect(workers.filter(isStaying).length).toBeLessThanOrEqual(Math.max(desired + 1, 9));
          });
          expect(new Set(end?.workers.map(({ releaseId }) => releaseId)).size).toBe(1);
        },
      ),
      { numRuns: 50 },
    );
  });
});
