import { connectDatabase, type Database } from "@elastic-gas/shared/database/connect";
import { writeBeat } from "@elastic-gas/shared/reliability/heartbeat";
import { createTestDatabase, type TestDatabase } from "@elastic-gas/testing/database";
import { createScriptedDetector } from "@elastic-gas/testing/user-app/test-detector";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createModelReporter } from "./report-missing-model.ts";

let database: TestDatabase;
let db: Database;
beforeAll(async () => {
  database = await createTestDatabase();
  // As a worker connects.
  db = connectDatabase({ url: await database.urlOf("web"), connectionLimit: 1 });
});
afterAll(async () => {
  await db?.destroy();
  await database?.[Symbol.asyncDispose]();
});

const lacks = async () => {
  const row = await database.db
    .selectFrom("workers")
    .select("lacks")
    .where("instanceId", "=", "i-1")
    .executeTakeFirst();
  return row?.lacks;
};

it("says what is missing once the worker has a row, and that it is there again", async () => {
  const detector = createScriptedDetector();
  const loaded = Promise.withResolvers<void>();
  const report = createModelReporter({
    db,
    detector: { availability: detector.availability, settled: () => loaded.promise },
    instanceId: "i-1",
  });
  const beat = () => writeBeat(db, { instanceId: "i-1", pool: "web", intervalSeconds: 5, jobId: null });
  detector.missing = "The mask model is being loaded.";
  await beat();
  await report();
  expect(await lacks(), "while it is being loaded").toBeNull();

  loaded.resolve();
  await loaded.promise;
  await database.db.deleteFrom("workers").execute();
  detector.missing = `The mask model is missing: ${"x".repeat(600)}`;
  await report();
  await beat();
  await report();
  expect(await lacks()).toBe(detector.missing.slice(0, 500));

  detector.missing = null;
  await report();
  expect(await lacks()).toBeNull();
});
