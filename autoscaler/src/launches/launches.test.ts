import { createTestDatabase } from "@elastic-gas/testing/database";
import { describe, expect, it } from "vitest";
import {
  chooseSubnet,
  expiredLaunches,
  type Launch,
  launchFailures,
  listLaunches,
  openLaunches,
  waitAfter,
} from "./launches.ts";

const NOW = Date.UTC(2026, 0, 5, 14, 0, 0);

const launch = (id: string, changes: Partial<Launch> = {}): Launch => ({
  id,
  pool: "web",
  subnetId: null,
  state: "launched",
  instanceId: `i-${id}`,
  failure: null,
  activityId: null,
  releaseId: null,
  createdAt: NOW - 30_000,
  updatedAt: NOW - 30_000,
  ...changes,
});

describe("open launches", () => {
  it("count as pending until their instance is seen or 120 s have passed", () => {
    const launches = [
      launch("wanted", { state: "wanted", instanceId: null }),
      launch("unseen"),
      launch("seen"),
      launch("seen-by-tag", { state: "wanted", instanceId: null }),
      launch("failed", { state: "failed" }),
      launch("old", { createdAt: NOW - 120_001 }),
    ];
    const seen = new Set(["i-seen", "seen-by-tag"]);
    expect(openLaunches(launches, seen, NOW).map(({ id }) => id)).toEqual(["wanted", "unseen"]);
    expect(expiredLaunches(launches, seen, NOW).map(({ id }) => id)).toEqual(["old"]);
  });
});

describe("failed launches", () => {
  const failed = (id: string, ageMs: number): Launch => launch(id, { state: "failed", updatedAt: NOW - ageMs });

  it("are counted back to the last launch that came into service", () => {
    const launches = [launch("booting"), failed("a", 1_000), failed("b", 20_000), launch("good"), failed("c", 90_000)];
    expect(launchFailures(launches, ({ id }) => id === "good", 0)).toEqual({
      inARow: 2,
      retryAt: NOW - 1_000 + 20_000,
    });
    expect(launchFailures(launches.slice(3), ({ id }) => id === "good", 0)).toEqual({ inARow: 0, retryAt: null });
  });

  it("of an earlier run of start.sh hold up nothing: their instances ended with it", () => {
    const earlier = launch("earlier", { state: "failed", createdAt: NOW - 30_000, updatedAt: NOW - 1_000 });
    expect(launchFailures([earlier], () => false, NOW - 2_000)).toEqual({ inARow: 0, retryAt: null });
    expect(launchFailures([earlier], () => false, NOW - 40_000)).toMatchObject({ inARow: 1 });
  });

  it("are retried after 10 s, doubling up to 5 minutes", () => {
    expect([1, 2, 3, 5, 6, 40].map(waitAfter)).toEqual([10_000, 20_000, 40_000, 160_000, 300_000, 300_000]);
  });
});

describe("choosing a subnet", () => {
  it("takes the one with the fewest workers, and one where a launch just failed last", () => {
    const workers = [{ subnetId: "a" }, { subnetId: "a" }, { subnetId: "b" }];
    expect(chooseSubnet(["a", "b"], workers, [], NOW)).toBe("b");
    const failures = [launch("x", { state: "failed", subnetId: "b" })];
    expect(chooseSubnet(["a", "b"], workers, failures, NOW)).toBe("a");
    expect(chooseSubnet(["a", "b"], workers, failures, NOW + 300_000)).toBe("b");
    expect(chooseSubnet([], workers, [], NOW)).toBeNull();
  });
});

describe("the launch book", () => {
  it("shows every launch whose instance may still appear, however many there are", async () => {
    await using database = await createTestDatabase();
    const { db } = database;
    const now = Date.now();
    const rows = Array.from({ length: 150 }, (_, index) => ({
      id: `intent-${index}`,
      pool: "web" as const,
      subnetId: null,
      epoch: 1,
      state: "wanted" as const,
      createdAt: new Date(now - index * 100),
      updatedAt: new Date(now),
    }));
    await db.insertInto("launchIntents").values(rows).execute();
    const launches = await listLaunches(db, "web", now);
    expect(launches).toHaveLength(150);
    expect(launches[0]?.id).toBe("intent-0");
    expect(openLaunches(launches, new Set(), now)).toHaveLength(150);
  });
});
