import { describeEnd } from "@elastic-gas/scaling/update-reason";
import { releaseIdOf } from "@elastic-gas/shared/releases/manifest";
import { insertRelease } from "@elastic-gas/shared/releases/releases";
import { beginUpdate, changeUpdate, findCurrentRelease, listUpdates } from "@elastic-gas/shared/releases/updates";
import { startTestHarness, type TestHarness } from "@elastic-gas/testing/autoscaler/test-harness";
import { CURRENT_RELEASE } from "@elastic-gas/testing/releases";
import { waitUntil } from "@elastic-gas/testing/wait-until";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runAutoscaler } from "../loop.ts";
import { ensurePools } from "../pools/pools.ts";

const FIRST = releaseIdOf(CURRENT_RELEASE);
const GOOD = { ...CURRENT_RELEASE, sha256: "1".repeat(64) };
const BAD = { ...CURRENT_RELEASE, sha256: `bad${"0".repeat(61)}` };

/** One story, in order: a pool of two, with two autoscalers beside each other. */
describe("a rolling update against the local cloud", { timeout: 240_000 }, () => {
  let harness: TestHarness;
  let running: { readonly stop: AbortController; readonly ended: Promise<unknown> }[] = [];

  const start = (holder: string): void => {
    const stop = new AbortController();
    const { context } = harness.another(holder);
    running.push({ stop, ended: runAutoscaler(context, { startId: undefined, signal: stop.signal }) });
  };
  const stopAll = async (): Promise<void> => {
    for (const { stop } of running) stop.abort();
    await Promise.all(running.map(({ ended }) => ended));
    running = [];
  };
  const update = async (manifest: typeof CURRENT_RELEASE, canarySeconds: number): Promise<string> => {
    const by = { actor: "anna", now: new Date() };
    const to = await insertRelease(harness.db, manifest, by);
    const change = await harness.db.transaction().execute((trx) => beginUpdate(trx, { ...by, to, canarySeconds }));
    expect(change.kind).toBe("done");
    return to;
  };
  const ask = (verb: Parameters<typeof changeUpdate>[1]) =>
    harness.db.transaction().execute((trx) => changeUpdate(trx, verb, { actor: "anna" }));
  const serving = async () =>
    harness.db
      .selectFrom("workers")
      .select(["instanceId", "releaseId"])
      .where("pool", "=", "web")
      .where("inServiceAt", "is not", null)
      .where("unhealthySince", "is", null)
      .where("draining", "=", false)
      .execute();
  const atRest = (release: string) =>
    waitUntil(`two workers of ${release.slice(0, 4)}`, async () => {
      const rows = await serving();
      const there = await harness.instances("web");
      return rows.length === 2 && there.length === 2 && there.every(({ releaseId }) => releaseId === release) && rows;
    });
  /** The latest update, once it is in that state; `fewest` in service meanwhile. */
  const inState = async (state: string) => {
    let fewest = Number.POSITIVE_INFINITY;
    const found = await waitUntil(
      `the update to be ${state}`,
      async () => {
        fewest = Math.min(fewest, (await serving()).length);
        const [latest] = await listUpdates(harness.db, 1);
        return latest?.state === state && latest;
      },
      { deadlineMs: 170_000 },
    );
    return { ...found, fewest };
  };
  /** The most instances that there were at once, since `harness.changes` was emptied. */
  const most = (): number => {
    const living = new Set<string>();
    const sizes = harness.changes.map(({ operation, instanceIds }) => {
      for (const id of instanceIds) operation === "RunInstances" ? living.add(id) : living.delete(id);
      return living.size;
    });
    return Math.max(...sizes);
  };

  beforeAll(async () => {
    harness = await startTestHarness({ HEALTH_CHECK_INTERVAL_SECONDS: "1" });
    await ensurePools(harness.db, new Date());
    for (const pool of ["annotator", "utility"] as const) await harness.setPool(pool, { min: 0, desired: 0 });
    await harness.setPool("web", { desired: 2, max: 2 });
    start("one");
    start("two");
    await atRest(FIRST);
  });
  afterAll(async () => {
    await stopAll();
    await harness?.[Symbol.asyncDispose]();
  });

  it("replaces the workers one by one, also when the acting autoscaler ends in the middle", async () => {
    const to = await update(GOOD, 2);
    await waitUntil("the canary", async () => (await harness.living("web")).some(({ releaseId }) => releaseId === to));
    await stopAll();
    start("three");
    start("four");
    const { fewest } = await inState("completed");
    await atRest(to);
    expect(fewest).toBe(2);
    // At its maximum of 2, too: one more for a while is better than one less.
    expect(most()).toBe(3);
    expect(await findCurrentRelease(harness.db)).toBe(to);
    const rows = await harness.db.selectFrom("activities").selectAll().where("cause", "=", "update").execute();
    expect(rows.map(({ pool, instanceIds }) => [pool, instanceIds.length])).toEqual([
      ["web", 1],
      ["web", 1],
    ]);
  });

  it("goes back when the canary fails; the workers that serve are not touched", async () => {
    const before = (await serving()).map(({ instanceId }) => instanceId);
    await update(BAD, 60);
    const { reason, fewest } = await inState("rolled back");
    expect(describeEnd(reason, { now: Date.now(), timeZone: "UTC" })).toMatch(/^The canary i-\w+ ended by itself\.$/);
    expect(fewest).toBe(2);
    expect((await atRest(releaseIdOf(GOOD))).map(({ instanceId }) => instanceId).sort()).toEqual(before.sort());
    expect(await findCurrentRelease(harness.db)).toBe(releaseIdOf(GOOD));
  });

  it("waits while it is paused, and goes back when somebody asks for it", async () => {
    const to = await update(CURRENT_RELEASE, 1);
    await waitUntil("the first new one in service", async () =>
      (await serving()).some(({ releaseId }) => releaseId === to),
    );
    expect(await ask("pause")).toMatchObject({ kind: "done" });
    expect(await ask("pause")).toMatchObject({ sentence: expect.stringMatching(/is paused already\.$/) });
    const counts = await waitUntil("the pool's step", async () => {
      const row = await harness.db
        .selectFrom("releaseUpdatePools")
        .select("step")
        .where("pool", "=", "web")
        .orderBy("updateId", "desc")
        .executeTakeFirst();
      const step = Object(row?.step);
      return step.kind === "paused" && step;
    });
    expect(counts.fresh).toBeGreaterThan(0);
    expect(await ask("roll-back")).toMatchObject({ kind: "done" });
    const { reason, fewest } = await inState("rolled back");
    expect(reason).toEqual({ kind: "asked", by: "anna" });
    expect(fewest).toBeGreaterThanOrEqual(2);
    await atRest(releaseIdOf(GOOD));
    expect(await ask("resume")).toEqual({ kind: "refused", reason: "no update is under way" });
  });
});
