import { createTestDatabase, type TestDatabase } from "@elastic-gas/testing/database";
import { afterAll, beforeAll, expect, it } from "vitest";
import { keepOneAdmin } from "./last-admin.ts";
import { createUser } from "./users.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.[Symbol.asyncDispose]());

it.each([10, 11, 12])("leaves one administrator when two demote each other at once (round %i)", async (round) => {
  const { db } = database;
  await db.updateTable("users").set({ isAdmin: false }).execute();
  const ids = await Promise.all(
    ["a", "b"].map((name) => createUser(db, { username: `${name}${round}`, passwordHash: null, isAdmin: true })),
  );
  const demote = (id: number) =>
    db.transaction().execute(async (trx) => {
      await keepOneAdmin(trx, id);
      await trx.updateTable("users").set({ isAdmin: false }).where("id", "=", id).execute();
    });
  const outcomes = await Promise.allSettled(ids.map((id) => demote(id ?? 0)));
  expect(outcomes.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
  expect(outcomes.find(({ status }) => status === "rejected")).toMatchObject({ reason: { status: 409 } });
  expect(await db.selectFrom("users").select("id").where("isAdmin", "=", true).execute()).toHaveLength(1);
});

it("lets everybody go who is no administrator", async () => {
  const { db } = database;
  const id = await createUser(db, { username: "plain", passwordHash: null });
  await db.transaction().execute((trx) => keepOneAdmin(trx, id ?? 0));
});
