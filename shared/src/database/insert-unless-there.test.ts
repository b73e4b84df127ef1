import { createTestDatabase, type TestDatabase } from "@elastic-gas/testing/database";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Database } from "./connect.ts";
import { insertUnlessThere } from "./insert-unless-there.ts";

let database: TestDatabase;
let db: Database;

beforeAll(async () => {
  database = await createTestDatabase();
  db = database.db;
});
afterAll(() => database?.[Symbol.asyncDispose]());

const setting = (name: string, value: string, handle: Pick<Database, "insertInto"> = db) =>
  insertUnlessThere(handle.insertInto("settings").values({ name, value }));
const readSetting = (name: string) =>
  db.selectFrom("settings").select("value").where("name", "=", name).executeTakeFirst();

it("inserts a row once, and leaves the one that is there", async () => {
  expect(await setting("once", "first")).toBe(true);
  expect(await setting("once", "second")).toBe(false);
  expect(await readSetting("once")).toEqual({ value: "first" });
});

it("leaves a transaction usable after a key that is taken", async () => {
  await setting("taken", "first");
  await db.transaction().execute(async (trx) => {
    expect(await setting("taken", "second", trx)).toBe(false);
    expect(await setting("free", "second", trx)).toBe(true);
  });
  expect(await readSetting("free")).toEqual({ value: "second" });
});

it("cuts no value that is too long", async () => {
  await expect(setting("n".repeat(1_000), "value")).rejects.toMatchObject({ code: "ER_DATA_TOO_LONG" });
});

it("tells of a row that it refers to and that is gone", async () => {
  const about = { kind: "confirm-address", about: "about", detail: "{}", recipient: null, dueAt: new Date() } as const;
  await expect(
    insertUnlessThere(db.insertInto("userMails").values({ ...about, userId: 4_000_000 })),
  ).rejects.toMatchObject({ code: "ER_NO_REFERENCED_ROW_2" });
});
