import { createHash, randomBytes } from "node:crypto";
import { sql, type Transaction } from "kysely";
import { Secret, TOTP } from "otpauth";
import type { Database } from "../database/connect.ts";
import { insertUnlessThere } from "../database/insert-unless-there.ts";
import type { Tables } from "../database/tables.ts";
import type { SecretBox } from "./secret-box.ts";

/**
 * What authenticator apps take for granted: SHA-1, 6 digits, 30 s
 * (https://github.com/google/google-authenticator/wiki/Key-Uri-Format).
 */
const PERIOD_SECONDS = 30;
/** Clocks may differ by one period. */
const WINDOW = 1;
const RECOVERY_CODES = 10;

export interface SecondFactorStore {
  readonly db: Database;
  readonly box: SecretBox;
}

/** What a person puts into an authenticator app, shown until it is confirmed. */
export interface Enrolment {
  readonly uri: string;
  readonly secret: string;
}

export async function hasSecondFactor(db: Database, userId: number): Promise<boolean> {
  const row = await db
    .selectFrom("secondFactors")
    .select("userId")
    .where("userId", "=", userId)
    .where("confirmedAt", "is not", null)
    .executeTakeFirst();
  return row !== undefined;
}

/**
 * Makes a secret, or gives the one that waits to be confirmed. Nothing is asked for at sign-in yet. Undefined when a
 * confirmed one exists.
 */
export async function beginSecondFactor(
  { db, box }: SecondFactorStore,
  user: { readonly id: number; readonly username: string },
): Promise<Enrolment | undefined> {
  const sealed = box.seal(new Secret({ size: 20 }).base32, String(user.id));
  const fresh = { userId: user.id, secret: sealed, confirmedAt: null, lastStep: null };
  await insertUnlessThere(db.insertInto("secondFactors").values(fresh));
  const row = await db
    .selectFrom("secondFactors")
    .select("secret")
    .where("userId", "=", user.id)
    .where("confirmedAt", "is", null)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  const secret = box.open(row.secret, String(user.id));
  const totp = new TOTP({ issuer: "Elastic GAS", label: user.username, secret });
  return { uri: totp.toString(), secret };
}

/**
 * Switches the second factor on, with a first code as proof that the app has the secret. Gives recovery codes, which
 * are shown once; undefined: a wrong code.
 */
export async function confirmSecondFactor(
  { db, box }: SecondFactorStore,
  { userId, code, now }: { readonly userId: number; readonly code: string; readonly now: Date },
): Promise<readonly string[] | undefined> {
  return db.transaction().execute(async (trx) => {
    const row = await trx
      .selectFrom("secondFactors")
      .select("secret")
      .where("userId", "=", userId)
      .where("confirmedAt", "is", null)
      .forUpdate()
      .executeTakeFirst();
    const step = row === undefined ? undefined : stepOf(box.open(row.secret, String(userId)), code, now);
    if (step === undefined) return undefined;
    await trx
      .updateTable("secondFactors")
      .set({ confirmedAt: now, lastStep: step })
      .where("userId", "=", userId)
      .execute();
    const codes = Array.from({ length: RECOVERY_CODES }, makeRecoveryCode);
    await trx.deleteFrom("recoveryCodes").where("userId", "=", userId).execute();
    await trx
      .insertInto("recoveryCodes")
      .values(codes.map((text) => ({ userId, codeHash: hashOf(text), usedAt: null })))
      .execute();
    return codes;
  });
}

/** True for a code of the app that was not used before, and for an unused recovery code, which is used up by this. */
export async function checkSecondFactor(
  { db, box }: SecondFactorStore,
  { userId, code, now }: { readonly userId: number; readonly code: string; readonly now: Date },
): Promise<boolean> {
  const row = await db
    .selectFrom("secondFactors")
    .select("secret")
    .where("userId", "=", userId)
    .where("confirmedAt", "is not", null)
    .executeTakeFirst();
  if (row === undefined) return false;
  const step = stepOf(box.open(row.secret, String(userId)), code, now);
  if (step !== undefined) {
    // Somebody who read it over a shoulder must not use it a second time; the condition decides between two at once.
    const { numUpdatedRows } = await db
      .updateTable("secondFactors")
      .set({ lastStep: step })
      .where("userId", "=", userId)
      .where((where) => where.or([where("lastStep", "is", null), where("lastStep", "<", step)]))
      .executeTakeFirst();
    return numUpdatedRows > 0n;
  }
  const { numUpdatedRows } = await db
    .updateTable("recoveryCodes")
    .set({ usedAt: now })
    .where("userId", "=", userId)
    .where("codeHash", "=", hashOf(code))
    .where("usedAt", "is", null)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

export async function countRecoveryCodes(db: Database, userId: number): Promise<number> {
  const { left } = await db
    .selectFrom("recoveryCodes")
    .select(sql<number>`count(*)`.as("left"))
    .where("userId", "=", userId)
    .where("usedAt", "is", null)
    .executeTakeFirstOrThrow();
  return left;
}

/**
 * Seals what was stored before there was a key, once for each row; safe in several processes at once. Returns how many.
 */
export async function sealSecondFactors({ db, box }: SecondFactorStore): Promise<number> {
  const rows = await db.selectFrom("secondFactors").select(["userId", "secret"]).execute();
  let sealed = 0;
  for (const { userId, secret } of rows) {
    if (box.isSealed(secret)) continue;
    const { numUpdatedRows } = await db
      .updateTable("secondFactors")
      .set({ secret: box.seal(secret, String(userId)) })
      .where("userId", "=", userId)
      .where("secret", "=", secret)
      .executeTakeFirst();
    sealed += Number(numUpdatedRows);
  }
  return sealed;
}

/** Switches it off. Succeeds when it is off. */
export async function endSecondFactor(trx: Transaction<Tables>, userId: number): Promise<void> {
  await trx.deleteFrom("secondFactors").where("userId", "=", userId).execute();
  await trx.deleteFrom("recoveryCodes").where("userId", "=", userId).execute();
}

/** The period that a code belongs to; undefined when it is none of now. */
function stepOf(secret: string, code: string, now: Date): number | undefined {
  const token = code.replaceAll(/\s/g, "");
  if (!/^\d{6}$/.test(token)) return undefined;
  const timestamp = now.getTime();
  const delta = new TOTP({ secret }).validate({ token, timestamp, window: WINDOW });
  return delta === null ? undefined : Math.floor(timestamp / 1_000 / PERIOD_SECONDS) + delta;
}

/** 112 random bits in groups that can be typed: so many need no slow hash (ASVS 6.5.2). */
function makeRecoveryCode(): string {
  return (randomBytes(14).toString("hex").match(/.{7}/g) ?? []).join("-");
}

function hashOf(code: string): string {
  const digits = code.toLowerCase().replaceAll(/[^0-9a-f]/g, "");
  return createHash("sha256").update(digits).digest("hex");
}
