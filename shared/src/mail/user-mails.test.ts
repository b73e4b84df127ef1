import { createTestDatabase, type TestDatabase } from "@elastic-gas/testing/database";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { createUser } from "../accounts/users.ts";
import { putUserMail } from "./user-mails.ts";

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});
beforeEach(async () => {
  await database.db.deleteFrom("userMails").execute();
});
afterAll(() => database?.[Symbol.asyncDispose]());

const put = (userId: number, about: string) =>
  putUserMail(database.db, { userId, kind: "reset-in-manager", about, detail: {} });
const listMails = () => database.db.selectFrom("userMails").select(["userId", "about"]).execute();

it("mails one about the same thing, however often it is put", async () => {
  const userId = (await createUser(database.db, { username: "ann", passwordHash: null })) ?? 0;
  for (const about of ["first", "first", "second"]) await put(userId, about);
  expect(await listMails()).toEqual([
    { userId, about: "first" },
    { userId, about: "second" },
  ]);
});

it("mails nobody whose account is gone, and the transaction goes on", async () => {
  await put(4_000_000, "first");
  expect(await listMails()).toEqual([]);
});
