import { createTestDatabase } from "@elastic-gas/testing/database";
import { sql } from "kysely";
import { expect, test } from "vitest";
import { listBeats } from "../pools/workers.ts";
import { writeBeat } from "./heartbeat.ts";

test("a heartbeat tells since when none is missing; one that comes too late begins again", async () => {
  await using database = await createTestDatabase();
  const { db } = database;
  const beat = () => writeBeat(db, { instanceId: "i-1", pool: "web", intervalSeconds: 10, jobId: null });
  const setBack = (seconds: number) =>
    db
      .updateTable("workers")
      .set({
        at: sql<Date>`at - interval ${seconds} second`,
        beatingSince: sql<Date>`beating_since - interval ${seconds} second`,
      })
      .execute();
  const read = async () => (await listBeats(db))[0] ?? expect.fail("no heartbeat");

  await beat();
  const first = await read();
  expect(first.since).toBe(first.at);

  await setBack(15);
  await beat();
  const second = await read();
  expect(second.since).toBe(first.since - 15_000);
  expect(second.at).toBeGreaterThanOrEqual(first.at);

  await setBack(21);
  await beat();
  const third = await read();
  expect(third.since).toBe(third.at);
});

test("a row of an earlier version begins with its next heartbeat", async () => {
  await using database = await createTestDatabase();
  const { db } = database;
  await db.insertInto("workers").values({ instanceId: "i-1", pool: "web", at: new Date() }).execute();
  expect(await listBeats(db)).toEqual([]);
  await writeBeat(db, { instanceId: "i-1", pool: "web", intervalSeconds: 10, jobId: null });
  expect(await listBeats(db)).toHaveLength(1);
});
