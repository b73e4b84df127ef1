import { createHash, randomBytes } from "node:crypto";
import type { Database } from "../database/connect.ts";
import type { TokenAudience } from "../database/tables.ts";
import { ALL_ACCOUNTS, PLAIN_ACCOUNTS } from "./account-tables.ts";
import { hasExpired } from "./token-lifetime.ts";
import { findUserById, type User } from "./users.ts";

/**
 * What a token may do: `read`, or also change things (`operate` the pools, `write` annotations), or also see and manage
 * users (`administer`).
 */
export type Scope = "read" | "operate" | "administer" | "write";
/** The scopes of each API's tokens, the weakest first. */
export const SCOPES = {
  manager: ["read", "operate", "administer"],
  user: ["read", "write"],
} as const satisfies Record<TokenAudience, readonly Scope[]>;

export interface TokenRow {
  readonly id: number;
  readonly name: string;
  readonly scope: Scope;
  readonly owner: string;
  readonly createdAt: number;
  readonly usedAt: number | null;
  readonly revokedAt: number | null;
  readonly expiresAt: Date | null;
}

/** Mark our tokens, so that scanners find one that leaked. */
const PREFIXES: Readonly<Record<TokenAudience, string>> = { manager: "egm_", user: "egu_" };
const TOUCH_MS = 60_000;
/** Where each API's tokens are; user-app sees its own only. */
const TABLES = { manager: ALL_ACCOUNTS.apiTokens, user: PLAIN_ACCOUNTS.apiTokens } as const;

/** Stores the hash only; the text of the token is shown once. */
export async function createToken(
  db: Database,
  token: {
    readonly audience: TokenAudience;
    readonly userId: number;
    readonly name: string;
    readonly scope: Scope;
    /** Null: it works until it is revoked. */
    readonly expiresAt: Date | null;
  },
): Promise<string> {
  const text = PREFIXES[token.audience] + randomBytes(32).toString("base64url");
  await db
    .insertInto(TABLES[token.audience])
    .values({ ...token, tokenHash: hashToken(text), usedAt: null, revokedAt: null })
    .execute();
  return text;
}

/** Whose tokens: all of an API, or one user's. */
export interface TokensOf {
  readonly audience: TokenAudience;
  readonly userId?: number;
}

export async function listTokens(db: Database, { audience, userId }: TokensOf): Promise<readonly TokenRow[]> {
  const rows = await db
    .selectFrom(`${TABLES[audience]} as tokens`)
    .innerJoin("users", "users.id", "tokens.userId")
    .select([
      "tokens.id",
      "tokens.name",
      "scope",
      "username as owner",
      "tokens.createdAt",
      "usedAt",
      "revokedAt",
      "expiresAt",
    ])
    .where("audience", "=", audience)
    .$if(userId !== undefined, (query) => query.where("tokens.userId", "=", userId ?? 0))
    .orderBy("tokens.id", "desc")
    .execute();
  return rows.map((row) => ({
    ...row,
    createdAt: row.createdAt.getTime(),
    usedAt: row.usedAt?.getTime() ?? null,
    revokedAt: row.revokedAt?.getTime() ?? null,
  }));
}

/** Returns the token's name; undefined when there is none such. */
export async function revokeToken(
  db: Database,
  { id, audience, userId, now }: TokensOf & { readonly id: number; readonly now: Date },
): Promise<string | undefined> {
  const found = await db
    .selectFrom(TABLES[audience])
    .select("name")
    .where("id", "=", id)
    .where("audience", "=", audience)
    .$if(userId !== undefined, (query) => query.where("userId", "=", userId ?? 0))
    .executeTakeFirst();
  if (found === undefined) return undefined;
  await db
    .updateTable(TABLES[audience])
    .set({ revokedAt: now })
    .where("id", "=", id)
    .where("revokedAt", "is", null)
    .execute();
  return found.name;
}

export type TokenOwner =
  | { readonly kind: "ok"; readonly id: number; readonly user: User; readonly scope: Scope }
  | { readonly kind: "expired"; readonly expiresAt: Date };

/**
 * Who a bearer token stands for; undefined when it is unknown, revoked, another API's, or one of the manager's whose
 * owner is no administrator any more. Who has one that expired is told so.
 */
export async function findTokenOwner(
  db: Database,
  text: string,
  { audience, now }: { readonly audience: TokenAudience; readonly now: Date },
): Promise<TokenOwner | undefined> {
  if (!text.startsWith(PREFIXES[audience])) return undefined;
  const row = await db
    .selectFrom(TABLES[audience])
    .select(["id", "userId", "scope", "usedAt", "expiresAt"])
    .where("tokenHash", "=", hashToken(text))
    .where("audience", "=", audience)
    .where("revokedAt", "is", null)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  const user = await findUserById(db, row.userId);
  if (user === undefined || (audience === "manager" && !user.isAdmin)) return undefined;
  const { expiresAt } = row;
  if (expiresAt !== null && hasExpired(expiresAt, now)) return { kind: "expired", expiresAt };
  if (row.usedAt === null || now.getTime() - row.usedAt.getTime() > TOUCH_MS) {
    await db.updateTable(TABLES[audience]).set({ usedAt: now }).where("id", "=", row.id).execute();
  }
  return { kind: "ok", id: row.id, user, scope: row.scope };
}

// 256 random bits need no salt and no slow hash.
function hashToken(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
