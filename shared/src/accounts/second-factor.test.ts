import { createTestDatabase, type TestDatabase } from "@elastic-gas/testing/database";
import { Secret, TOTP, URI } from "otpauth";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ALL_ACCOUNTS } from "./account-tables.ts";
import { changePassword } from "./change-password.ts";
import { restoreAdmin } from "./restore-admin.ts";
import {
  checkSecondFactor,
  confirmSecondFactor,
  countRecoveryCodes,
  hasSecondFactor,
  makeEnrolment,
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

const confirm = ({ userId, secret, code = codeAt(secret, NOW) }: { userId: number; secret: string; code?: string }) =>
  confirmSecondFactor(store(), { userId, secret, code, now: NOW, keptSession: "kept" });

async function enrolled(username: string, isAdmin = true) {
  const userId = (await createUser(database.db, { username, passwordHash: null, isAdmin })) ?? 0;
  const { secret } = makeEnrolment(username);
  const done = await confirm({ userId, secret });
  return { userId, secret, codes: done.kind === "on" ? done.recoveryCodes : [] };
}

test("a known secret gives the codes of RFC 6238", () => {
  const secret = Secret.fromUTF8("12345678901234567890");
  expect(new TOTP({ secret, digits: 8 }).generate({ timestamp: 59_000 })).toBe("94287082");
});

test("it is on only after a first code was right, and the address for the app holds the secret", async () => {
  const { db } = database;
  const id = (await createUser(db, { username: "ann", passwordHash: null })) ?? 0;
  const { uri, secret } = makeEnrolment("ann");
  const parsed = URI.parse(uri);
  expect([parsed.issuer, parsed.label, parsed.secret.base32]).toEqual(["Elastic GAS", "ann", secret]);
  expect(makeEnrolment("ann").secret, "each is another").not.toBe(secret);
  expect(await confirm({ userId: id, secret, code: "000000" })).toEqual({ kind: "wrong code" });
  expect(await hasSecondFactor(db, id)).toBe(false);
  expect(await confirm({ userId: id, secret })).toEqual({ kind: "on", recoveryCodes: expect.any(Array) });
  expect(await hasSecondFactor(db, id)).toBe(true);
  expect(await confirm({ userId: id, secret: makeEnrolment("ann").secret, code: "" })).toEqual({ kind: "wrong code" });
});

test("of several secrets that are confirmed at once one counts, also where an old unconfirmed one is stored", async () => {
  const { db } = database;
  const userId = (await createUser(db, { username: "ada", passwordHash: null })) ?? 0;
  const old = { userId, secret: makeEnrolment("ada").secret, confirmedAt: null, lastStep: null };
  await db.insertInto("secondFactors").values(old).execute();
  const secrets = [1, 2, 3].map(() => makeEnrolment("ada").secret);
  const done = await Promise.all(secrets.map((secret) => confirm({ userId, secret })));
  expect(done.map(({ kind }) => kind).sort()).toEqual(["on", "on already", "on already"]);
  const winner = secrets[done.findIndex(({ kind }) => kind === "on")] ?? "";
  expect(await checkSecondFactor(store(), { userId, code: codeAt(winner, later(60)), now: later(60) })).toBe(true);
  expect(await countRecoveryCodes(db, userId)).toBe(10);
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
