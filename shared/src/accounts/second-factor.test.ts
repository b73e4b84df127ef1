import { createTestDatabase, type TestDatabase } from "@elastic-gas/testing/database";
import { Secret, TOTP, URI } from "otpauth";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ALL_ACCOUNTS } from "./account-tables.ts";
import { changePassword } from "./change-password.ts";
import { restoreAdmin } from "./restore-admin.ts";
import {
  beginSecondFactor,
  checkSecondFactor,
  confirmSecondFactor,
  countRecoveryCodes,
  hasSecondFactor,
  sealSecondFactors,
} from "./second-factor.ts";
import { createSecretBox } from "./secret-box.ts";
import { createUser } from "./users.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database[Symbol.asyncDispose]());

const box = createSecretBox("a key of at least thirty-two characters");
const store = () => ({ db: database.db, box });

const NOW = new Date("2026-11-28T12:00:10Z");
const later = (seconds: number) => new Date(NOW.getTime() + seconds * 1_000);
const codeAt = (secret: string, at: Date) => new TOTP({ secret }).generate({ timestamp: at.getTime() });

async function enrolled(username: string, isAdmin = true) {
  const userId = (await createUser(database.db, { username, passwordHash: null, isAdmin })) ?? 0;
  const { secret = "" } = (await beginSecondFactor(store(), { id: userId, username })) ?? {};
  const codes = await confirmSecondFactor(store(), { userId, code: codeAt(secret, NOW), now: NOW });
  return { userId, secret, codes: codes ?? [] };
}

test("a known secret gives the codes of RFC 6238", () => {
  const secret = Secret.fromUTF8("12345678901234567890");
  expect(new TOTP({ secret, digits: 8 }).generate({ timestamp: 59_000 })).toBe("94287082");
});

test("it is on only after a first code was right, and the address for the app holds the secret", async () => {
  const { db } = database;
  const id = (await createUser(db, { username: "ann", passwordHash: null })) ?? 0;
  const enrolment = await beginSecondFactor(store(), { id, username: "ann" });
  const parsed = URI.parse(enrolment?.uri ?? "");
  expect([parsed.issuer, parsed.label, parsed.secret.base32]).toEqual(["Elastic GAS", "ann", enrolment?.secret]);
  expect(await beginSecondFactor(store(), { id, username: "ann" }), "asked again, it is the same").toEqual(enrolment);
  expect(await hasSecondFactor(db, id)).toBe(false);
  expect(await confirmSecondFactor(store(), { userId: id, code: "000000", now: NOW })).toBeUndefined();
  expect(await hasSecondFactor(db, id)).toBe(false);
  const code = codeAt(enrolment?.secret ?? "", NOW);
  expect(await confirmSecondFactor(store(), { userId: id, code, now: NOW })).toHaveLength(10);
  expect(await hasSecondFactor(db, id)).toBe(true);
  expect(await beginSecondFactor(store(), { id, username: "ann" }), "a secret in use is not shown").toBeUndefined();
});

test("a code is taken once, within one period of now, in any spacing", async () => {
  const { userId, secret } = await enrolled("ben");
  const check = (code: string, now: Date) => checkSecondFactor(store(), { userId, code, now });
  expect(await check(codeAt(secret, NOW), NOW), "used when it was switched on").toBe(false);
  const next = codeAt(secret, later(60));
  expect(await check(`${next.slice(0, 3)} ${next.slice(3)}`, later(60))).toBe(true);
  expect(await check(next, later(61))).toBe(false);
  expect(await check(codeAt(secret, later(120)), later(150)), "a clock that is late").toBe(true);
  expect(await check(codeAt(secret, later(330)), later(300)), "a clock that is early").toBe(true);
  expect(await check(codeAt(secret, later(600)), later(660))).toBe(false);
  expect(await check("", later(700))).toBe(false);
});

test("of the same code sent many times at once, one is taken", async () => {
  const { userId, secret, codes } = await enrolled("cleo");
  for (const code of [codeAt(secret, later(90)), codes[0] ?? ""]) {
    const answers = await Promise.all(
      [1, 2, 3, 4, 5].map(() => checkSecondFactor(store(), { userId, code, now: later(90) })),
    );
    expect(answers.filter(Boolean)).toHaveLength(1);
  }
});

test("a recovery code works once, however it is typed, for its account only", async () => {
  const { userId, codes } = await enrolled("dan");
  const other = await enrolled("eva");
  const [code = "", second = ""] = codes;
  const typed = code.toUpperCase().replaceAll("-", " ");
  expect(await checkSecondFactor(store(), { userId: other.userId, code, now: NOW })).toBe(false);
  expect(await checkSecondFactor(store(), { userId, code: typed, now: NOW })).toBe(true);
  expect(await checkSecondFactor(store(), { userId, code, now: NOW })).toBe(false);
  expect(await countRecoveryCodes(database.db, userId)).toBe(9);
  const rows = await database.db.selectFrom("recoveryCodes").selectAll().where("userId", "=", userId).execute();
  expect(JSON.stringify(rows)).not.toContain(second);
});

test("a new password leaves it on; restoring an administrator switches it off", async () => {
  const { db } = database;
  const { userId, codes } = await enrolled("fay");
  await db
    .transaction()
    .execute((trx) => changePassword(trx, ALL_ACCOUNTS, { userId, passwordHash: "h", now: new Date() }));
  expect(await hasSecondFactor(db, userId)).toBe(true);
  const restored = await restoreAdmin(db, { username: "FAY", passwordHash: "new hash", now: new Date() });
  expect(restored).toEqual({ kind: "done", username: "fay" });
  expect(await hasSecondFactor(db, userId)).toBe(false);
  expect(await checkSecondFactor(store(), { userId, code: codes[0] ?? "", now: NOW })).toBe(false);
});

test("the database holds no secret that an app could use; what it held before the key is sealed, and works on", async () => {
  const { db } = database;
  const fresh = await enrolled("gil");
  const old = await enrolled("hal");
  await db.updateTable("secondFactors").set({ secret: old.secret }).where("userId", "=", old.userId).execute();
  const code = codeAt(old.secret, later(60));
  expect(await checkSecondFactor(store(), { userId: old.userId, code, now: later(60) }), "before it is sealed").toBe(
    true,
  );
  expect(await sealSecondFactors(store())).toBe(1);
  expect(await sealSecondFactors(store())).toBe(0);
  const rows = JSON.stringify(await db.selectFrom("secondFactors").selectAll().execute());
  for (const { secret } of [fresh, old]) expect(rows).not.toContain(secret);
  for (const { userId, secret } of [fresh, old])
    expect(await checkSecondFactor(store(), { userId, code: codeAt(secret, later(120)), now: later(120) })).toBe(true);
});

test("only an administrator's access is restored, unless none is left", async () => {
  await using own = await createTestDatabase();
  const { db } = own;
  const restore = (username: string) => restoreAdmin(db, { username, passwordHash: "hash", now: new Date() });
  expect((await restore("")).kind).toBe("refused");
  await createUser(db, { username: "plain", passwordHash: null });
  const boss = await createUser(db, { username: "boss", passwordHash: null, isAdmin: true });
  expect(await restore("plain")).toEqual({
    kind: "refused",
    reason: "plain is no administrator. These are: boss.",
  });
  expect(await restore("nobody")).toEqual({ kind: "refused", reason: "There is no account nobody." });
  expect(await restore("")).toEqual({ kind: "done", username: "boss" });
  await db
    .updateTable("users")
    .set({ isAdmin: false })
    .where("id", "=", boss ?? 0)
    .execute();
  expect(await restore("plain")).toEqual({ kind: "done", username: "plain" });
  const plain = await db.selectFrom("users").selectAll().where("username", "=", "plain").executeTakeFirstOrThrow();
  expect(plain).toMatchObject({ isAdmin: true, passwordHash: "hash" });
});
