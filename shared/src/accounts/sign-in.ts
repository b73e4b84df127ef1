import type { Database } from "../database/connect.ts";
import type { PasswordVerifier } from "./passwords.ts";
import type { RateLimiter } from "./rate-limit.ts";
import { findUserByUsername, type User } from "./users.ts";

/** Failed attempts on one user name, from any address. */
export const SIGN_IN_LIMIT = { name: "sign-in", points: 10, perSeconds: 300 } as const;
/** Failed attempts from one address on any name; generous, for a whole class may share an address. */
export const SIGN_IN_ADDRESS_LIMIT = { name: "sign-in-address", points: 200, perSeconds: 300 } as const;

export interface SignInDeps {
  readonly db: Database;
  readonly passwords: PasswordVerifier;
  readonly byName: RateLimiter;
  readonly byAddress: RateLimiter;
}

export type SignIn =
  | { readonly kind: "ok"; readonly user: User }
  | { readonly kind: "wrong" }
  | { readonly kind: "limited"; readonly retryAfterSeconds: number };

/**
 * Checks a user name and password. Limits are looked at before any hashing, and only failures count. Unknown names cost the same time as wrong passwords.
 */
export async function signIn(
  { db, passwords, byName, byAddress }: SignInDeps,
  attempt: { readonly username: string; readonly password: string; readonly address: string },
): Promise<SignIn> {
  const nameKey = attempt.username.slice(0, 100);
  const wait = (await byName.check(nameKey)) ?? (await byAddress.check(attempt.address));
  if (wait !== undefined) return { kind: "limited", retryAfterSeconds: wait };
  const found = await findUserByUsername(db, attempt.username);
  const right = await passwords.verify(attempt.password, found?.passwordHash);
  if (found === undefined || !right) {
    await Promise.all([byName.consume(nameKey), byAddress.consume(attempt.address)]);
    return { kind: "wrong" };
  }
  const { passwordHash: _, ...user } = found;
  return { kind: "ok", user };
}
