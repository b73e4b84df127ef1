import { buildWorker } from "@elastic-gas/testing/scaling/build-worker";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type PlannedPool, plan } from "./reconcile-plan.ts";
import type { Worker } from "./worker-state.ts";

const NOW = Date.UTC(2026, 0, 5, 14, 0, 0);
const SECOND = 1_000;

function pool(changes: Partial<PlannedPool> = {}): PlannedPool {
  return {
    desired: 4,
    stopping: false,
    balanced: true,
    shrinksIdleOnly: false,
    replacesByAddingFirst: false,
    bootDeadlineMs: 300 * SECOND,
    unhealthyGraceMs: 60 * SECOND,
    launching: 0,
    replacing: 0,
    launchFailures: { inARow: 0, retryAt: null },
    update: null,
    ...changes,
  };
}

function worker(id: string, changes: Partial<Worker> = {}): Worker {
  const state = changes.state ?? "in service";
  return buildWorker({
    id,
    state,
    launchedAt: NOW - 3_600 * SECOND,
    running: state !== "pending",
    registered: state === "in service" || state === "warming" || state === "unhealthy",
    inServiceAt: state === "pending" || state === "warming" ? null : NOW - 3_500 * SECOND,
    unhealthySince: state === "unhealthy" ? NOW - 61 * SECOND : null,
    ...changes,
  });
}

const serving = (count: number): Worker[] =>
  Array.from({ length: count }, (_, index) => worker(`i-${index}`, { launchedAt: NOW - (3_600 - index) * SECOND }));
const ids = (victims: readonly { readonly id: string }[]): string[] => victims.map(({ id }) => id);

describe("launching", () => {
  it("launches what is missing, counting workers that boot and launches that are not seen yet", () => {
    expect(plan(pool(), [], NOW).launch).toBe(4);
    expect(
      plan(pool({ launching: 1 }), [worker("i-1"), worker("i-2", { state: "pending", launchedAt: NOW })], NOW).launch,
    ).toBe(1);
  });

  it("counts neither draining nor terminating workers", () => {
    expect(
      plan(pool({ desired: 1 }), [worker("i-1", { state: "draining" }), worker("i-2", { state: "terminating" })], NOW)
        .launch,
    ).toBe(1);
  });

  it("registers a running worker that the target group does not know", () => {
    const seen = [
      worker("i-1", { state: "pending", running: true, launchedAt: NOW }),
      worker("i-2", { state: "pending", launchedAt: NOW }),
    ];
    expect(plan(pool(), seen, NOW).register).toEqual(["i-1"]);
    expect(plan(pool({ balanced: false }), seen, NOW).register).toEqual([]);
  });

  it("waits until the back-off is over, then tries one at a time once three launches failed", () => {
    const failing = { inARow: 3, retryAt: NOW + SECOND };
    expect(plan(pool({ launchFailures: failing }), [], NOW).launch).toBe(0);
    expect(plan(pool({ launchFailures: failing }), [], NOW + SECOND).launch).toBe(1);
    expect(plan(pool({ launchFailures: failing, launching: 1 }), [], NOW + SECOND).launch).toBe(0);
    expect(plan(pool({ launchFailures: { inARow: 2, retryAt: NOW } }), [], NOW).launch).toBe(4);
  });
});

describe("shrinking", () => {
  it("chooses unhealthy workers, then booting ones, then the newest", () => {
    const seen = [
      ...serving(4),
      worker("i-boot", { state: "pending", launchedAt: NOW - SECOND }),
      worker("i-bad", { state: "unhealthy", unhealthySince: NOW - SECOND }),
    ];
    const victims = (desired: number): string[] => ids(plan(pool({ desired }), seen, NOW).victims);
    expect(victims(5)).toEqual(["i-bad"]);
    expect(victims(4)).toEqual(["i-bad", "i-boot"]);
    expect(victims(2)).toEqual(["i-bad", "i-boot", "i-3", "i-2"]);
  });

  it("deregisters a victim at once and terminates it only when it has drained", () => {
    const first = plan(pool({ desired: 1 }), serving(2), NOW);
    expect([ids(first.victims), first.deregister, first.terminate]).toEqual([["i-1"], ["i-1"], []]);
    const draining = worker("i-1", { state: "draining", registered: false });
    expect(plan(pool({ desired: 1 }), [worker("i-0"), draining], NOW).terminate).toEqual([]);
    expect(plan(pool({ desired: 1 }), [worker("i-0"), { ...draining, drained: true }], NOW).terminate).toEqual(["i-1"]);
  });

  it("deregisters again when a first call was lost", () => {
    expect(
      plan(pool({ desired: 1 }), [worker("i-0"), worker("i-1", { state: "draining", registered: true })], NOW)
        .deregister,
    ).toEqual(["i-1"]);
  });

  it("terminates a booting victim without draining", () => {
    const boot = worker("i-boot", { state: "pending", launchedAt: NOW });
    expect(plan(pool({ desired: 1 }), [worker("i-0"), boot], NOW).terminate).toEqual(["i-boot"]);
  });

  it("never chooses a protected worker and names those that block", () => {
    const seen = serving(3).map((entry) => ({ ...entry, protected: entry.id !== "i-2" }));
    const result = plan(pool({ desired: 1 }), seen, NOW);
    expect(ids(result.victims)).toEqual(["i-2"]);
    expect(result.blockedBy).toEqual({ protected: ["i-1", "i-0"], busy: 0 });
  });

  it("lets only idle annotators go", () => {
    const seen = serving(3).map((entry) => ({
      ...entry,
      registered: false,
      busy: entry.id === "i-1" ? false : entry.id === "i-2" ? true : null,
    }));
    const result = plan(pool({ desired: 1, balanced: false, shrinksIdleOnly: true }), seen, NOW);
    expect(ids(result.victims)).toEqual(["i-1"]);
    expect(result.blockedBy.busy).toBe(2);
  });
});

describe("replacing", () => {
  it("replaces a worker that is not in service within its deadline, as a failed launch", () => {
    const late = worker("i-late", { state: "warming", reason: { kind: "overdue", afterMs: 300 * SECOND } });
    const result = plan(pool({ desired: 2 }), [worker("i-0"), late], NOW);
    expect(result.victims).toEqual([
      { id: "i-late", cause: "replacement", because: { kind: "overdue", afterMs: 300 * SECOND } },
    ]);
    expect(result.launch).toBe(1);
    expect(plan(pool({ desired: 2 }), [worker("i-0"), worker("i-late", { state: "warming" })], NOW).victims).toEqual(
      [],
    );
  });

  it("replaces a worker that is unhealthy for its grace period, and launches another at once", () => {
    const failing = worker("i-bad", { state: "unhealthy", unhealthySince: NOW - 60 * SECOND });
    const result = plan(pool(), [...serving(3), failing], NOW);
    expect(result).toMatchObject({ launch: 1, deregister: ["i-bad"] });
    expect(result.victims[0]?.because).toEqual(failing.reason);
    expect(plan(pool(), [...serving(3), { ...failing, unhealthySince: NOW - 59 * SECOND }], NOW).victims).toEqual([]);
  });

  it.each([
    { size: 4, unhealthy: 2, replacing: 0, replaced: 1 },
    { size: 8, unhealthy: 4, replacing: 0, replaced: 2 },
    { size: 8, unhealthy: 4, replacing: 1, replaced: 1 },
    { size: 4, unhealthy: 2, replacing: 1, replaced: 0 },
    { size: 4, unhealthy: 3, replacing: 0, replaced: 0 },
    { size: 1, unhealthy: 1, replacing: 0, replaced: 1 },
  ])(
    "replaces $replaced of $unhealthy unhealthy workers among $size with $replacing under way",
    ({ size, unhealthy, replacing, replaced }) => {
      const seen = serving(size).map((entry, index) =>
        index < unhealthy ? worker(entry.id, { state: "unhealthy" }) : entry,
      );
      const result = plan(pool({ desired: size, replacing }), seen, NOW);
      expect(result.victims).toHaveLength(replaced);
      expect(result.unhealthyButKept).toBe(unhealthy - replaced);
    },
  );

  it("replaces one at a time when the majority stays unhealthy for a boot deadline beyond its grace", () => {
    const seen = serving(4).map((entry) =>
      worker(entry.id, { state: "unhealthy", unhealthySince: NOW - 361 * SECOND }),
    );
    expect(plan(pool(), seen, NOW).victims).toHaveLength(1);
  });

  it("replaces what was lost by counting what is there", () => {
    expect(plan(pool(), [], NOW)).toMatchObject({ launch: 4, victims: [] });
  });

  it("adds first where the pool says so: the unhealthy worker goes when another one is in service", () => {
    const utility = pool({ desired: 1, balanced: false, replacesByAddingFirst: true });
    const failing = worker("i-bad", { state: "unhealthy", registered: false });
    expect(plan(utility, [failing], NOW)).toMatchObject({ launch: 1, victims: [], terminate: [] });
    expect(plan(utility, [failing, worker("i-new", { state: "pending", launchedAt: NOW })], NOW)).toMatchObject({
      launch: 0,
      victims: [],
    });
    const done = plan(utility, [failing, worker("i-new", { launchedAt: NOW, registered: false })], NOW);
    expect(done.launch).toBe(0);
    expect(ids(done.victims)).toEqual(["i-bad"]);
  });

  it("carries out a replacement that an admin asked for by adding first in every pool", () => {
    const asked = worker("i-0", { request: "replacement" });
    expect(plan(pool({ desired: 1 }), [asked], NOW)).toMatchObject({ launch: 1, victims: [] });
    expect(ids(plan(pool({ desired: 1 }), [asked, worker("i-1", { launchedAt: NOW })], NOW).victims)).toEqual(["i-0"]);
  });

  it("drains the worker that an admin chose for a shrink", () => {
    const result = plan(pool({ desired: 1 }), [worker("i-0", { request: "shrink" }), worker("i-1")], NOW);
    expect(ids(result.victims)).toEqual(["i-0"]);
    expect(result.launch).toBe(0);
  });
});

describe("stopping", () => {
  it("ends everybody and launches nobody, also protected workers and those that appear later", () => {
    const seen = [
      ...serving(2).map((entry) => ({ ...entry, protected: true })),
      worker("i-boot", { state: "pending", launchedAt: NOW }),
    ];
    const result = plan(pool({ stopping: true }), seen, NOW);
    expect(result).toMatchObject({ launch: 0, register: [], deregister: ["i-0", "i-1"], terminate: ["i-boot"] });
    expect(result.victims.map(({ cause }) => cause)).toEqual(["stop", "stop", "stop"]);
  });
});

describe("every plan", () => {
  const someWorker = fc.record({
    state: fc.constantFrom("pending", "warming", "in service", "unhealthy", "draining", "terminating" as const),
    age: fc.integer({ min: 0, max: 1_000 }),
    protected: fc.boolean(),
    busy: fc.constantFrom(true, false, null),
    drained: fc.boolean(),
    request: fc.constantFrom(null, null, null, "replacement", "shrink"),
  });
  const somePool = fc.record({
    desired: fc.integer({ min: 0, max: 10 }),
    launching: fc.integer({ min: 0, max: 3 }),
    replacing: fc.integer({ min: 0, max: 2 }),
    replacesByAddingFirst: fc.boolean(),
    shrinksIdleOnly: fc.boolean(),
    stopping: fc.boolean(),
  });
  const someWorkers = fc.array(someWorker, { maxLength: 12 }).map((entries) =>
    entries.map(({ age, state, ...entry }, index) =>
      worker(`i-${index}`, {
        ...entry,
        state,
        drained: state === "draining" && entry.drained,
        launchedAt: NOW - age * SECOND,
        unhealthySince: state === "unhealthy" ? NOW - age * SECOND : null,
      }),
    ),
  );

  it("ends only workers of the pool, none twice, and terminates none that still serves or works", () => {
    fc.assert(
      fc.property(somePool, someWorkers, (changes, seen) => {
        const result = plan(pool(changes), seen, NOW);
        const byId = new Map(seen.map((entry) => [entry.id, entry]));
        const victims = ids(result.victims);
        expect(new Set(victims).size).toBe(victims.length);
        for (const id of [...victims, ...result.terminate, ...result.deregister, ...result.register])
          expect(byId.has(id)).toBe(true);
        for (const id of result.terminate) {
          const entry = byId.get(id);
          expect(entry?.drained === true || (entry?.state === "pending" && !entry.registered)).toBe(true);
        }
        for (const id of result.register) expect(victims).not.toContain(id);
        if (!changes.stopping) {
          for (const { id, cause } of result.victims) {
            if (cause === "shrink" && byId.get(id)?.request === null) expect(byId.get(id)?.protected).toBe(false);
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  it("never launches and shrinks at once, and comes to rest at the desired capacity", () => {
    fc.assert(
      fc.property(somePool, someWorkers, (changes, seen) => {
        const result = plan(pool(changes), seen, NOW);
        const staying = seen.filter(({ state }) => state !== "draining" && state !== "terminating").length;
        if (changes.stopping) expect(result.launch).toBe(0);
        else if (result.launch > 0) {
          const chosen = result.victims.filter(
            ({ id, cause }) => cause === "shrink" && seen.find((entry) => entry.id === id)?.request === null,
          );
          expect(chosen).toEqual([]);
          const swaps = seen.filter(
            ({ state, request }) =>
              request === "replacement" || (state === "unhealthy" && changes.replacesByAddingFirst),
          ).length;
          expect(staying - result.victims.length + result.launch + changes.launching).toBeLessThanOrEqual(
            changes.desired + swaps,
          );
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe("workers that EC2 is about to end", () => {
  const noticed = (id: string, what: "spot" | "rebalance" | "scheduled", inSeconds: number | null): Worker =>
    worker(id, {
      reason: { kind: "interruption", what, at: inSeconds === null ? null : NOW + inSeconds * SECOND },
      protected: true,
    });

  it("drains one that is taken back at once while others serve, and launches another", () => {
    const planned = plan(pool(), [...serving(3), noticed("i-spot", "spot", 118)], NOW);
    expect(planned).toMatchObject({
      victims: [{ id: "i-spot", cause: "replacement", because: { kind: "interruption", what: "spot" } }],
      deregister: ["i-spot"],
      launch: 1,
    });
  });

  it("keeps the only one that serves until another came, or until its end is near", () => {
    const only = noticed("i-spot", "spot", 118);
    expect(plan(pool({ desired: 1 }), [only], NOW)).toMatchObject({ victims: [], launch: 1 });
    const booting = worker("i-new", { state: "warming" });
    expect(plan(pool({ desired: 1 }), [only, booting], NOW)).toMatchObject({ victims: [], launch: 0 });
    expect(ids(plan(pool({ desired: 1 }), [only, worker("i-new")], NOW).victims)).toEqual(["i-spot"]);
    expect(ids(plan(pool({ desired: 1 }), [noticed("i-spot", "spot", 30), booting], NOW).victims)).toEqual(["i-spot"]);
  });

  it("keeps all of them when EC2 takes all back, and launches as many", () => {
    const all = [noticed("i-1", "spot", 100), noticed("i-2", "spot", 110)];
    expect(plan(pool({ desired: 2 }), all, NOW)).toMatchObject({ victims: [], launch: 2 });
  });

  it.each([["rebalance", null] as const, ["scheduled", 86_400] as const])(
    "replaces one by adding another first when EC2 leaves time (%s)",
    (what, inSeconds) => {
      const seen = [...serving(3), noticed("i-4", what, inSeconds)];
      expect(plan(pool(), seen, NOW)).toMatchObject({ victims: [], launch: 1 });
      const complete = plan(pool(), [...seen, worker("i-5")], NOW);
      expect(complete).toMatchObject({ victims: [{ id: "i-4", cause: "replacement" }], launch: 0 });
    },
  );

  it("counts them among no unhealthy ones: the grace and the share are for faults", () => {
    const seen = [...serving(1), noticed("i-2", "spot", 60), noticed("i-3", "spot", 60), noticed("i-4", "spot", 60)];
    expect(ids(plan(pool({ replacing: 3 }), seen, NOW).victims).sort()).toEqual(["i-2", "i-3", "i-4"]);
  });
});
