import { createHash, randomBytes } from "node:crypto";
import { sql, type Transaction } from "kysely";
import { Secret, TOTP } from "otpauth";
import type { Database } from "../database/connect.ts";
import { insertUnlessThere } from "../database/insert-unless-there.ts";
import type { Tables } from "../database/tables.ts";
import { ALL_ACCOUNTS } from "./account-tables.ts";
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

/** A secret, and the address by which an authenticator app takes it. */
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

/** What a person puts into an authenticator app. Nothing is stored before it is confirmed. */
export function makeEnrolment(username: string): Enrolment {
  return enrolmentOf(new Secret({ size: 20 }).base32, username);
}

export function enrolmentOf(secret: string, username: string): Enrolment {
  return { uri: new TOTP({ issuer: "Elastic GAS", label: username, secret }).toString(), secret };
}

export type Confirmation =
  | { readonly kind: "on"; readonly recoveryCodes: readonly string[] }
  | { readonly kind: "wrong code" }
  | { readonly kind: "on already" };

/**
 * Switches the second factor on, with a first code as proof that the app has the secret. Ends every session of the
 * account but `keptSession`, for none of them was asked for a code. Recovery codes are shown once.
 */
export async function confirmSecondFactor(
  { db, box }: SecondFactorStore,
  confirmed: {
    readonly userId: number;
    readonly secret: string;
    readonly code: string;
    readonly now: Date;
    /** Hash of the id of the session that asks. */
    readonly keptSession: string;
  },
): Promise<Confirmation> {
  const { userId, secret, now } = confirmed;
  const step = stepOf(secret, confirmed.code, now);
  if (step === undefined) return { kind: "wrong code" };
  return db.transaction().execute(async (trx): Promise<Confirmation> => {
    const sealed = box.seal(secret, String(userId));
    // Two at once come one after the other.
    await trx.selectFrom("users").select("id").where("id", "=", userId).forUpdate().execute();
    // Earlier versions stored secrets before they were confirmed.
    await trx.deleteFrom("secondFactors").where("userId", "=", userId).where("confirmedAt", "is", null).execute();
    const row = { userId, secret: sealed, confirmedAt: now, lastStep: step };
    const isNew = await insertUnlessThere(trx.insertInto("secondFactors").values(row));
    if (!isNew) return { kind: "on already" };
    const codes = Array.from({ length: RECOVERY_CODES }, makeRecoveryCode);
    await trx.deleteFrom("recoveryCodes").where("userId", "=", userId).execute();
    await trx
      .insertInto("recoveryCodes")
      .values(codes.map((text) => ({ userId, codeHash: hashOf(text), usedAt: null })))
      .execute();
    for (const table of ALL_ACCOUNTS.sessions) {
      await trx.deleteFrom(table).where("userId", "=", userId).where("idHash", "!=", confirmed.keptSession).execute();
    }
    return { kind: "on", recoveryCodes: codes };
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
