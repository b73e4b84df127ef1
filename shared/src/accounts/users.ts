import { randomBytes } from "node:crypto";
import { z } from "zod";
import type { Database } from "../database/connect.ts";
import { isDuplicateKey } from "../database/insert-unless-there.ts";
import type { Role } from "../database/tables.ts";
import { canonicalUsername, usernameSkeleton } from "../username.ts";
import type { PasswordVerifier } from "./passwords.ts";

/** The account as pages and guards see it; the password's hash is not part of it. */
export interface User {
  readonly id: number;
  readonly username: string;
  readonly name: string;
  readonly email: string | null;
  readonly institution: string;
  readonly role: Role;
  readonly isAdmin: boolean;
  /** May look at the manager and change nothing there. */
  readonly isViewer: boolean;
  readonly passwordChangedAt: Date;
  readonly createdAt: Date;
}

const USER_COLUMNS = [
  "id",
  "username",
  "name",
  "email",
  "institution",
  "role",
  "isAdmin",
  "isViewer",
  "passwordChangedAt",
  "createdAt",
] as const;

export const Email = z.email("This is not an e-mail address.").max(254, "At most 254 characters.");

/** The field of a form that sets an address; empty: none any more. */
export const EmailOrNone = z
  .string("An address is needed.")
  .trim()
  .transform((email) => (email === "" ? null : email))
  .pipe(Email.nullable());

export interface NewUser {
  readonly username: string;
  /** bcrypt hash. */
  readonly passwordHash: string | null;
  readonly email?: string | null;
  readonly name?: string;
  readonly isAdmin?: boolean;
  readonly isViewer?: boolean;
}

/** Makes an account; undefined when the user name, or one that looks like it, is taken. */
export async function createUser(db: Database, user: NewUser): Promise<number | undefined> {
  try {
    const { insertId } = await db
      .insertInto("users")
      .values({
        username: canonicalUsername(user.username),
        usernameSkeleton: usernameSkeleton(user.username),
        passwordHash: user.passwordHash,
        email: user.email ?? null,
        name: user.name ?? "",
        // Left out for plain users: who registers them may not write these.
        ...(user.isAdmin === true ? { isAdmin: true } : {}),
        ...(user.isViewer === true ? { isViewer: true } : {}),
      })
      .executeTakeFirstOrThrow();
    return Number(insertId);
  } catch (error) {
    if (isDuplicateKey(error)) return undefined;
    throw error;
  }
}

export async function findUserById(db: Database, id: number): Promise<User | undefined> {
  return db.selectFrom("users").select(USER_COLUMNS).where("id", "=", id).executeTakeFirst();
}

/**
 * With the hash, for those who check a password. Any spelling of a name finds its account; of two old accounts whose
 * names look alike, the later one is found by its exact name only.
 */
export async function findUserByUsername(
  db: Database,
  username: string,
): Promise<(User & { readonly passwordHash: string | null }) | undefined> {
  return db
    .selectFrom("users")
    .select([...USER_COLUMNS, "passwordHash"])
    .where((where) =>
      where.or([where("username", "=", username), where("usernameSkeleton", "=", usernameSkeleton(username))]),
    )
    .orderBy((order) => order("username", "=", username), "desc")
    .limit(1)
    .executeTakeFirst();
}

/** A password that can be read aloud: 20 characters without look-alikes, 98 bits or more. */
export function makePassword(): string {
  const letters = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
  return Array.from(randomBytes(20), (byte) => letters[byte % letters.length]).join("");
}

export type FirstAdmin =
  | { readonly kind: "made"; readonly username: string; readonly password: string; readonly chosen: boolean }
  | { readonly kind: "exists"; readonly username: string };

/**
 * Makes the first administrator when there is none. A password that the settings do not give is made here and can be
 * shown once.
 */
export async function ensureFirstAdmin(
  db: Database,
  verifier: PasswordVerifier,
  settings: { readonly username: string; readonly password: string | undefined },
): Promise<FirstAdmin> {
  const existing = await db
    .selectFrom("users")
    .select("username")
    .where("isAdmin", "=", true)
    .orderBy("id")
    .executeTakeFirst();
  if (existing !== undefined) return { kind: "exists", username: existing.username };
  const username = canonicalUsername(settings.username);
  const password = settings.password ?? makePassword();
  const passwordHash = await verifier.hash(password);
  const id = await createUser(db, { username, passwordHash, isAdmin: true });
  if (id === undefined) {
    // The name belongs to a plain user, or another process was faster: only the latter is fine.
    const taken = await findUserByUsername(db, settings.username);
    if (taken?.isAdmin === true) return { kind: "exists", username: taken.username };
    throw new Error(`The user name ${settings.username} belongs to a plain user. Set ADMIN_USERNAME to another one.`);
  }
  return { kind: "made", username, password, chosen: settings.password !== undefined };
}
