import { createHash, randomBytes } from "node:crypto";
import type { User } from "@elastic-gas/shared/accounts/users";
import { findUserById } from "@elastic-gas/shared/accounts/users";
import type { Database } from "@elastic-gas/shared/database/connect";

export type Scope = "read" | "operate";
export const SCOPES: readonly Scope[] = ["read", "operate"];

export interface TokenRow {
  readonly id: number;
  readonly name: string;
  readonly scope: Scope;
  readonly owner: string;
  readonly createdAt: number;
  readonly usedAt: number | null;
  readonly revokedAt: number | null;
}

/** Marks our tokens, so that scanners find one that leaked. */
const PREFIX = "egm_";
const TOUCH_MS = 60_000;

/** Stores the hash only; the text of the token is shown once. */
export async function createToken(
  db: Database,
  token: { readonly userId: number; readonly name: string; readonly scope: Scope },
): Promise<string> {
  const text = PREFIX + randomBytes(32).toString("base64url");
  await db
    .insertInto("apiTokens")
    .values({ ...token, tokenHash: hashToken(text), usedAt: null, revokedAt: null })
    .execute();
  return text;
}

export async function listTokens(db: Database): Promise<readonly TokenRow[]> {
  const rows = await db
    .selectFrom("apiTokens")
    .innerJoin("users", "users.id", "apiTokens.userId")
    .select([
      "apiTokens.id",
      "apiTokens.name",
      "scope",
      "username as owner",
      "apiTokens.createdAt",
      "usedAt",
      "revokedAt",
    ])
    .orderBy("apiTokens.id", "desc")
    .execute();
  return rows.map((row) => ({
    ...row,
    createdAt: row.createdAt.getTime(),
    usedAt: row.usedAt?.getTime() ?? null,
    revokedAt: row.revokedAt?.getTime() ?? null,
  }));
}

export async function revokeToken(db: Database, id: number, now: Date): Promise<string | undefined> {
  const row = await db.selectFrom("apiTokens").select("name").where("id", "=", id).executeTakeFirst();
  await db
    .updateTable("apiTokens")
    .set({ revokedAt: now })
    .where("id", "=", id)
    .where("revokedAt", "is", null)
    .execute();
  return row?.name;
}

/** Who a bearer token stands for; undefined when it is unknown, revoked, or its owner is no administrator any more. */
export async function findTokenOwner(
  db: Database,
  text: string,
  now: Date,
): Promise<{ readonly id: number; readonly user: User; readonly scope: Scope } | undefined> {
  if (!text.startsWith(PREFIX)) return undefined;
  const row = await db
    .selectFrom("apiTokens")
    .select(["id", "userId", "scope", "usedAt"])
    .where("tokenHash", "=", hashToken(text))
    .where("revokedAt", "is", null)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  const user = await findUserById(db, row.userId);
  if (user?.isAdmin !== true) return undefined;
  if (row.usedAt === null || now.getTime() - row.usedAt.getTime() > TOUCH_MS) {
    await db.updateTable("apiTokens").set({ usedAt: now }).where("id", "=", row.id).execute();
  }
  return { id: row.id, user, scope: row.scope };
}

// 256 random bits need no salt and no slow hash.
function hashToken(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
