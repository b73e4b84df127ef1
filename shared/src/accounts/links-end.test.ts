import { createTestDatabase } from "@elastic-gas/testing/database";
import { expect, test } from "vitest";
import { ALL_ACCOUNTS } from "./account-tables.ts";
import { findEmailChange, finishEmailChange, makeRequestedChange } from "./email-changes.ts";
import { hashToken } from "./mailed-token.ts";
import { findLinkOwner, finishPasswordLink, makePasswordLink, makeRequestedLink } from "./password-links.ts";
import { createUser } from "./users.ts";

const END = new Date("2026-11-30T12:00:00Z");
const at = (milliseconds: number) => new Date(END.getTime() + milliseconds);
/** At the end, and a second after it. */
const OVER = [0, 1_000];

test("a link to set a password, of an invitation too, works until its end and not at it", async () => {
  await using database = await createTestDatabase();
  const { db } = database;
  const userId = (await createUser(db, { username: "ann", passwordHash: null })) ?? 0;
  const token = await makePasswordLink(db, ALL_ACCOUNTS, { userId, expiresAt: END });
  for (const late of OVER) {
    expect(await findLinkOwner(db, ALL_ACCOUNTS, { token, now: at(late) })).toBeUndefined();
    expect(await finishPasswordLink(db, ALL_ACCOUNTS, { token, passwordHash: "h", now: at(late) })).toBeUndefined();
    expect(await makeRequestedLink(db, { request: hashToken(token), now: at(late) })).toBeUndefined();
  }
  expect(await findLinkOwner(db, ALL_ACCOUNTS, { token, now: at(-1) })).toMatchObject({ userId });
  expect(await finishPasswordLink(db, ALL_ACCOUNTS, { token, passwordHash: "h", now: at(-1) })).toMatchObject({
    userId,
  });
  expect(await finishPasswordLink(db, ALL_ACCOUNTS, { token, passwordHash: "i", now: at(-1) })).toBeUndefined();
});

test("a link that confirms an address works until its end and not at it", async () => {
  await using database = await createTestDatabase();
  const { db } = database;
  const userId = (await createUser(db, { username: "ben", passwordHash: null })) ?? 0;
  const token = "t".repeat(43);
  const change = { tokenHash: hashToken(token), userId, email: "new@example.org", expiresAt: END, usedAt: null };
  await db.insertInto("emailChanges").values(change).execute();
  for (const late of OVER) {
    expect(await findEmailChange(db, ALL_ACCOUNTS, { token, now: at(late) })).toBeUndefined();
    expect(await finishEmailChange(db, ALL_ACCOUNTS, { token, now: at(late) })).toBeUndefined();
    expect(await makeRequestedChange(db, { request: hashToken(token), now: at(late) })).toBeUndefined();
  }
  expect(await finishEmailChange(db, ALL_ACCOUNTS, { token, now: at(-1) })).toMatchObject({ userId });
  expect(await finishEmailChange(db, ALL_ACCOUNTS, { token, now: at(-1) })).toBeUndefined();
});
