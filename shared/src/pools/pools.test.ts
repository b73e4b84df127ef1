import { createTestDatabase } from "@elastic-gas/testing/database";
import { expect, it } from "vitest";
import { endManualHold } from "./manual-hold.ts";
import { listPools } from "./pools.ts";
import { listWorkerRecords, noteAllStopped } from "./workers.ts";

const NOW = new Date(Date.UTC(2026, 0, 5, 14, 0, 0));

it("a hold by hand ends once, for its pool alone; one that is over has nothing to end", async () => {
  await using database = await createTestDatabase();
  const { db } = database;
  const later = new Date(NOW.getTime() + 600_000);
  const row = { desired: 2, min: 1, max: 8, policy: '{"kind":"fixed"}', manualUntil: later };
  await db
    .insertInto("pools")
    .values([
      { name: "web", ...row },
      { name: "annotator", ...row },
    ])
    .execute();
  expect(await endManualHold(db, "web", new Date(later.getTime() + 1))).toBe(false);
  expect(await endManualHold(db, "web", NOW)).toBe(true);
  expect(await endManualHold(db, "web", NOW)).toBe(false);
  const pools = await listPools(db, (pool, stored) => ({ pool, stored }));
  expect(pools.map(({ name, manualUntil }) => [name, manualUntil])).toEqual([
    ["web", null],
    ["annotator", later.getTime()],
  ]);
  expect(pools[0]?.policy).toEqual({ pool: "web", stored: { kind: "fixed" } });
});

it("a stop of the whole system notes what it ended, and takes back launches that nobody will see", async () => {
  await using database = await createTestDatabase();
  const { db } = database;
  const launch = { pool: "web", subnetId: null, failure: null, epoch: 1 } as const;
  await db
    .insertInto("launchIntents")
    .values([
      { ...launch, id: "10000000-0000-4000-8000-000000000000", state: "launched", instanceId: "i-seen" },
      { ...launch, id: "20000000-0000-4000-8000-000000000000", state: "launched", instanceId: "i-unseen" },
      { ...launch, id: "30000000-0000-4000-8000-000000000000", state: "wanted", instanceId: null },
    ])
    .execute();
  await db
    .insertInto("workers")
    .values([
      { instanceId: "i-seen", pool: "web" },
      { instanceId: "i-left", pool: "web", draining: true, victimReason: "shrink" },
    ])
    .execute();
  await noteAllStopped(db, NOW);
  const records = await listWorkerRecords(db, { pool: "web" });
  expect(
    records.map(({ instanceId, draining, victimReason }) => [instanceId, draining, victimReason]).toSorted(),
  ).toEqual([
    ["i-left", true, "shrink"],
    ["i-seen", true, "stop"],
  ]);
  const intents = await db.selectFrom("launchIntents").select("state").orderBy("id").execute();
  expect(intents.map(({ state }) => state)).toEqual(["launched", "failed", "failed"]);
});
