import { createTestDatabase } from "@elastic-gas/testing/database";
import fc from "fast-check";
import { sql } from "kysely";
import { describe, expect, test } from "vitest";
import { createUser, findUserByUsername } from "./accounts/users.ts";
import { migrate } from "./database/migrate.ts";
import { canonicalUsername, Username, usernameSkeleton } from "./username.ts";

describe("a new name", () => {
  test.each([
    ["ada", "ada"],
    ["Ada Lovelace", "ada lovelace"],
    ["käthe +&=", "käthe +&="],
    ["user_10@example.org", "user_10@example.org"],
    ["ＡＤＡ", "ada"],
    ["ﬁn", "fin"],
    ["Иван", "иван"],
    ["Αλέξης", "αλέξης"],
    ["山田 たろう", "山田 たろう"],
    ["김철수", "김철수"],
    ["नीला", "नीला"],
  ])("%j is kept as %j", (given, kept) => {
    expect(Username.parse(given)).toBe(kept);
  });

  test.each([
    ["", "A user name is needed."],
    ["x".repeat(101), "At most 100 characters."],
    ["ﷺ".repeat(99), "At most 100 characters."],
    ["ad\u0000a", "Control characters"],
    ["ad\u200ba", "Control characters"],
    ["ad\u202ea", "Control characters"],
    ["ad\u00ada", "Control characters"],
    ["ada\u3164", "Control characters"],
    ["ada\ue000", "Control characters"],
    [" ada", "Blanks"],
    ["ada\u00a0", "Blanks"],
    ["ada  lovelace", "Blanks"],
    ["ada\u2028b", "Blanks"],
    ["аdmin", "letters of one alphabet"],
    ["αdmin", "letters of one alphabet"],
    ["adm\u0456n", "letters of one alphabet"],
    ["admin\u0338", "letters, the digits"],
    ["ad\u0251", "letters, the digits"],
    ["admin\u2044x", "letters, the digits"],
    ["admin٥", "letters, the digits"],
    ["ada🧬", "letters, the digits"],
    ["Ꭺda", "letters of one alphabet"],
  ])("%j is refused", (given, sentence) => {
    expect(Username.safeParse(given).error?.issues[0]?.message).toContain(sentence);
  });
});

describe("a skeleton", () => {
  test.each([
    ["admin", "ADMIN"],
    ["admin", "ａｄｍｉｎ"],
    ["admin", "adrnin"],
    ["admin", " admin\u200b "],
    ["admin", "\u0430dmin"],
    ["ada lovelace", "Ada\u00a0 Lovelace"],
    ["paul", "pau1"],
    ["bob", "b0b"],
    ["ace", "асе"],
    ["oxo", "οχο"],
    ["strasse", "STRAẞE"],
    ["é", "e\u0301"],
  ])("of %j is that of %j", (one, other) => {
    expect(usernameSkeleton(other)).toBe(usernameSkeleton(one));
  });

  test.each([
    ["ada", "ida"],
    ["paul", "paui"],
    ["a-b", "a_b"],
    ["ab", "a b"],
    ["jose", "josé"],
    ["user2", "user3"],
  ])("of %j is not that of %j", (one, other) => {
    expect(usernameSkeleton(other)).not.toBe(usernameSkeleton(one));
  });

  test("is its own skeleton, and the same for every spelling that is stored alike", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 30 }), (name) => {
        const skeleton = usernameSkeleton(name);
        expect(usernameSkeleton(skeleton)).toBe(skeleton);
        expect(usernameSkeleton(canonicalUsername(name))).toBe(skeleton);
      }),
    );
  });

  test("tells numbered names apart, as a load generator sends them", () => {
    const names = Array.from({ length: 2_000 }, (_, n) => `user${n}`);
    expect(new Set(names.map(usernameSkeleton)).size).toBe(names.length);
    for (const name of names) expect(Username.parse(name)).toBe(name);
  });

  test("fits its column, whatever name is let in", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 100 }), (name) => {
        const parsed = Username.safeParse(name);
        if (parsed.success) expect(usernameSkeleton(parsed.data).length).toBeLessThanOrEqual(255);
      }),
    );
    expect(usernameSkeleton("m".repeat(100)).length).toBe(200);
  });
});

test("of accounts that are made at the same time under names that look alike, one is made", async () => {
  await using database = await createTestDatabase();
  const names = ["paul", "PAUL", "pau1", "ｐａｕｌ", "раul", "paul\u200b"];
  const made = await Promise.all(names.map((username) => createUser(database.db, { username, passwordHash: null })));
  const ids = made.filter((id) => id !== undefined);
  expect(ids).toHaveLength(1);
  for (const name of names) expect((await findUserByUsername(database.db, name))?.id).toBe(ids[0]);
});

test("accounts from before keep their names, also those whose names look alike", async () => {
  await using database = await createTestDatabase();
  const { db } = database;
  await sql`drop index users_username_skeleton on users`.execute(db);
  await sql`alter table users drop column username_skeleton`.execute(db);
  await sql`delete from migrations where name = '0008-identities'`.execute(db);
  for (const username of ["Ada", "ada", "аdmin"])
    await sql`insert into users (username) values (${username})`.execute(db);
  expect(await migrate(db)).toEqual(["0008-identities"]);
  const found = async (name: string) => (await findUserByUsername(db, name))?.username;
  expect(await found("Ada")).toBe("Ada");
  expect(await found("ada")).toBe("ada");
  expect(await found("аdmin")).toBe("аdmin");
  expect(await found("ADA"), "any other spelling is the older account's").toBe("Ada");
  expect(await createUser(db, { username: "admin", passwordHash: null })).toBeUndefined();
});
