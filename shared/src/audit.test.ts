import { createTestDatabase, type TestDatabase } from "@elastic-gas/testing/database";
import { afterAll, beforeAll, expect, it } from "vitest";
import { audit, auditRefusal } from "./audit.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.[Symbol.asyncDispose]());

it("counts refusals from one sender in one row, and keeps other senders and what succeeded apart", async () => {
  const { db } = database;
  for (let n = 0; n < 5; n += 1) {
    await auditRefusal(db, { actor: `guess ${n}`, action: "session.refused", detail: "wrong", address: "10.0.0.1" });
  }
  await auditRefusal(db, { actor: "x", action: "session.refused", detail: "wrong", address: "10.0.0.2" });
  await audit(db, { actor: "ada", action: "session.start", address: "10.0.0.1" });
  const rows = await db.selectFrom("auditLog").select(["actor", "action", "address", "times"]).orderBy("id").execute();
  expect(rows).toEqual([
    { actor: "guess 0", action: "session.refused", address: "10.0.0.1", times: 5 },
    { actor: "x", action: "session.refused", address: "10.0.0.2", times: 1 },
    { actor: "ada", action: "session.start", address: "10.0.0.1", times: 1 },
  ]);
});
