import { createTestDatabase, type TestDatabase } from "@elastic-gas/testing/database";
import { buildWorker } from "@elastic-gas/testing/scaling/build-worker";
import { afterAll, beforeAll, expect, it } from "vitest";
import { publishStates } from "./worker-records.ts";

const LAUNCHED = Date.UTC(2026, 8, 7, 14, 11, 7);
const SECOND = 1_000;
let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database[Symbol.asyncDispose]());

it("keeps the instant of each state of a worker, however often the state is published", async () => {
  const { db } = database;
  const steps = [
    ["pending", 1],
    ["warming", 20],
    ["in service", 35],
    ["unhealthy", 60],
    ["in service", 70],
    ["draining", 90],
    ["terminating", 100],
    ["terminated", 110],
  ] as const;
  for (const [state, second] of steps) {
    const inServiceAt = second >= 35 ? LAUNCHED + 35 * SECOND : null;
    const launchedAt = state === "terminated" ? 0 : LAUNCHED;
    const worker = buildWorker({ id: "i-1", state, launchedAt, inServiceAt });
    await db
      .transaction()
      .execute((trx) => publishStates(trx, "web", [worker], { records: new Map(), now: LAUNCHED + second * SECOND }));
  }
  const [row, ...others] = await db.selectFrom("workerHistory").selectAll().execute();
  expect(others).toEqual([]);
  const after = (at: Date | null | undefined) => (at == null ? null : (at.getTime() - LAUNCHED) / SECOND);
  expect([
    after(row?.launchedAt),
    after(row?.warmingAt),
    after(row?.inServiceAt),
    after(row?.drainingAt),
    after(row?.endedAt),
  ]).toEqual([0, 20, 35, 90, 110]);
});
