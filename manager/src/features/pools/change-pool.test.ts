import { createTestDatabase, type TestDatabase } from "@elastic-gas/testing/database";
import { makePools } from "@elastic-gas/testing/manager/test-manager";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { requestLeaving, requestProtection } from "../workers/change-worker.ts";
import { requestPause, requestResume, requestSize } from "./change-pool.ts";

let database: TestDatabase;
const now = new Date("2026-09-07T13:47:05Z");
const request = { actor: "anna", now, holdSeconds: 600 };

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database[Symbol.asyncDispose]());
beforeEach(async () => {
  for (const table of ["pools", "activities", "workers"] as const) await database.db.deleteFrom(table).execute();
  await makePools(database.db);
  await setWeb({ desired: 7 });
});

const setWeb = (change: { readonly desired: number }) =>
  database.db.updateTable("pools").set(change).where("name", "=", "web").execute();
const web = () => database.db.selectFrom("pools").selectAll().where("name", "=", "web").executeTakeFirstOrThrow();
const activities = () => database.db.selectFrom("activities").selectAll().orderBy("id").execute();

describe("a request for another size", () => {
  it("sets desired, protects it from the policy, and says who asked", async () => {
    expect(await requestSize(database.db, "web", 1, request)).toEqual({ kind: "done", before: 7, after: 8 });
    expect(await web()).toMatchObject({ desired: 8, manualUntil: new Date(now.getTime() + 600_000) });
    expect(await activities()).toMatchObject([
      {
        cause: "manual",
        actor: "anna",
        desiredBefore: 7,
        desiredAfter: 8,
        reason: "anna grew web 7 → 8.",
        status: "in progress",
      },
    ]);
  });

  it("is refused at the limits, with the reason, and changes nothing", async () => {
    await setWeb({ desired: 8 });
    expect(await requestSize(database.db, "web", 1, request)).toEqual({
      kind: "refused",
      reason: "at the maximum of 8",
    });
    await setWeb({ desired: 1 });
    expect(await requestSize(database.db, "web", -1, request)).toEqual({
      kind: "refused",
      reason: "at the minimum of 1",
    });
    expect((await web()).manualUntil).toBeNull();
    expect(await activities()).toEqual([]);
  });

  it("counts two quick clicks twice, also when they come at once, and never passes the limit", async () => {
    await setWeb({ desired: 5 });
    const changes = await Promise.all(
      ["a", "b", "c", "d", "e"].map((key) => requestSize(database.db, "web", 1, { ...request, key: `click-${key}` })),
    );
    expect(changes.filter((change) => change.kind === "done")).toHaveLength(3);
    expect((await web()).desired).toBe(8);
  });

  it("counts one click once, however often its request arrives", async () => {
    await setWeb({ desired: 5 });
    const same = { ...request, key: "0c9e4d71-click" };
    await Promise.all([1, 2, 3].map(() => requestSize(database.db, "web", 1, same)));
    expect((await web()).desired).toBe(6);
    expect(await requestSize(database.db, "web", 1, same)).toEqual({ kind: "repeated", desired: 6 });
  });
});

describe("a request to pause", () => {
  it("names who paused, and succeeds once", async () => {
    expect(await requestPause(database.db, "web", request)).toBe(true);
    expect(await requestPause(database.db, "web", { ...request, actor: "tomas" })).toBe(false);
    expect(await web()).toMatchObject({ paused: true, pausedBy: "anna", pausedAt: now });
    expect(await requestResume(database.db, "web", now)).toBe(true);
    expect(await web()).toMatchObject({ paused: false, pausedBy: null });
  });
});

describe("a request to resume", () => {
  it("ends the hold after a manual change, once", async () => {
    await requestSize(database.db, "web", -1, request);
    expect((await web()).manualUntil).not.toBeNull();
    expect(await requestResume(database.db, "web", now)).toBe(true);
    expect(await web()).toMatchObject({ desired: 6, manualUntil: null });
    expect(await requestResume(database.db, "web", now)).toBe(false);
  });
});

describe("a request about one worker", () => {
  const worker = { id: "i-0a3f92c4", pool: "web" } as const;
  const row = () =>
    database.db.selectFrom("workers").selectAll().where("instanceId", "=", worker.id).executeTakeFirst();

  it("drains it and lowers the desired capacity with it", async () => {
    expect((await requestLeaving(database.db, worker, "shrink", request)).kind).toBe("done");
    expect((await web()).desired).toBe(6);
    // The autoscaler takes the request from here; it alone marks a worker as draining.
    expect(await row()).toMatchObject({ victimReason: "shrink", draining: false });
  });

  it("replaces it at the same size, and only once", async () => {
    expect((await requestLeaving(database.db, worker, "replacement", request)).kind).toBe("done");
    expect((await web()).desired).toBe(7);
    expect(await requestLeaving(database.db, worker, "shrink", request)).toEqual({
      kind: "refused",
      reason: "it is leaving already",
    });
    expect((await web()).desired).toBe(7);
  });

  it("is refused at the minimum", async () => {
    await setWeb({ desired: 1 });
    expect(await requestLeaving(database.db, worker, "shrink", request)).toEqual({
      kind: "refused",
      reason: "the pool is at its minimum of 1",
    });
    expect(await row()).toBeUndefined();
  });

  it("protects it without touching what is known of it", async () => {
    await requestLeaving(database.db, worker, "replacement", request);
    await requestProtection(database.db, worker, true);
    expect(await row()).toMatchObject({ protectedFromShrinking: true, victimReason: "replacement" });
  });
});
