import { createTestDatabase } from "@elastic-gas/testing/database";
import { expect, test } from "vitest";
import { deleteEndedCredentials } from "./ended-credentials.ts";
import { createUser } from "./users.ts";

const NOW = new Date("2026-11-30T12:00:00Z");
const daysAgo = (days: number) => new Date(NOW.getTime() - days * 86_400_000);

test("what opened nothing for 90 days is deleted; what works, or is shown, stays", async () => {
  await using database = await createTestDatabase();
  const { db } = database;
  const userId = (await createUser(db, { username: "ann", passwordHash: null })) ?? 0;
  const invited = (await createUser(db, { username: "ben", passwordHash: null })) ?? 0;
  await db
    .updateTable("users")
    .set({ invitedAt: daysAgo(200) })
    .where("id", "=", invited)
    .execute();
  const token = { userId, scope: "read", audience: "user", usedAt: null } as const;
  await db
    .insertInto("apiTokens")
    .values([
      { ...token, name: "works", tokenHash: "1".repeat(64), revokedAt: null },
      { ...token, name: "revoked lately", tokenHash: "2".repeat(64), revokedAt: daysAgo(89) },
      { ...token, name: "revoked long ago", tokenHash: "3".repeat(64), revokedAt: daysAgo(91) },
      { ...token, name: "expires", tokenHash: "4".repeat(64), revokedAt: null, expiresAt: daysAgo(-1) },
      { ...token, name: "expired lately", tokenHash: "5".repeat(64), revokedAt: null, expiresAt: daysAgo(89) },
      { ...token, name: "expired long ago", tokenHash: "6".repeat(64), revokedAt: null, expiresAt: daysAgo(91) },
    ])
    .execute();
  await db
    .insertInto("passwordResets")
    .values([
      { tokenHash: "a".repeat(64), userId, expiresAt: daysAgo(-1), usedAt: null },
      { tokenHash: "b".repeat(64), userId, expiresAt: daysAgo(91), usedAt: null },
      { tokenHash: "c".repeat(64), userId: invited, expiresAt: daysAgo(91), usedAt: daysAgo(92) },
      { tokenHash: "d".repeat(64), userId: invited, expiresAt: daysAgo(91), usedAt: null },
    ])
    .execute();
  const change = { userId, email: "a@example.org", usedAt: null };
  await db
    .insertInto("emailChanges")
    .values([
      { ...change, tokenHash: "e".repeat(64), expiresAt: daysAgo(89) },
      { ...change, tokenHash: "f".repeat(64), expiresAt: daysAgo(91) },
    ])
    .execute();

  expect(await deleteEndedCredentials(db, NOW)).toBe(5);
  const names = await db.selectFrom("apiTokens").select("name").orderBy("id").execute();
  expect(names.map(({ name }) => name)).toEqual(["works", "revoked lately", "expires", "expired lately"]);
  const links = await db.selectFrom("passwordResets").select("tokenHash").orderBy("tokenHash").execute();
  expect(links.map(({ tokenHash }) => tokenHash[0])).toEqual(["a", "d"]);
  const changes = await db.selectFrom("emailChanges").select("tokenHash").execute();
  expect(changes.map(({ tokenHash }) => tokenHash[0])).toEqual(["e"]);
  expect(await deleteEndedCredentials(db, NOW)).toBe(0);
});
