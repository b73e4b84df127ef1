import { setTimeout as sleep } from "node:timers/promises";
import type { Database } from "../database/connect.ts";
import { usernameSkeleton } from "../username.ts";
import { NotAdmitted, type PasswordVerifier } from "./passwords.ts";
import { createRateLimiter, type RateLimit, type RateLimiter, type RateLimitStore } from "./rate-limit.ts";
import { findUserByUsername, type User } from "./users.ts";

/** Where somebody signs in. Each counts for itself, so nobody is locked out of one by guesses sent to another. */
export type SignInRealm = "manager" | "pages" | "api";

/** Guesses on one name from one address; each round of them makes the next wait twice as long, up to an hour. */
export const PAIR_LIMIT = { points: 10, perSeconds: 300, longestSeconds: 3_600 } as const;
/**
 * Guesses on one name from all addresses. Beyond it, addresses from which the name never signed in have to wait; others
 * are slowed.
 */
export const NAME_LIMIT = { points: 100, perSeconds: 300 } as const;
/** Wrong guesses from one address on any name; generous, for a whole class may share an address. */
const ADDRESS_LIMIT = { points: 200, perSeconds: 300 } as const;
/** How long an address counts as one from which a name has signed in. */
const KNOWN_SECONDS = 90 * 86_400;
const SLOWED_MS = 1_000;

export interface SignInLimits {
  readonly pair: RateLimiter;
  readonly name: RateLimiter;
  readonly address: RateLimiter;
  /** Pairs that have signed in. */
  readonly known: RateLimiter;
}

export function createSignInLimits(store: RateLimitStore, realm: SignInRealm): SignInLimits {
  const limiter = (name: string, limit: Omit<RateLimit, "name">) =>
    createRateLimiter(store, { name: `${realm}-${name}`, ...limit });
  return {
    pair: limiter("sign-in", PAIR_LIMIT),
    name: limiter("sign-in-name", NAME_LIMIT),
    address: limiter("sign-in-address", ADDRESS_LIMIT),
    known: limiter("signed-in", { points: Number.MAX_SAFE_INTEGER, perSeconds: KNOWN_SECONDS }),
  };
}

export interface SignInDeps {
  readonly db: Database;
  readonly passwords: PasswordVerifier;
  readonly limits: SignInLimits;
}

export type SignIn =
  | { readonly kind: "ok"; readonly user: User }
  | { readonly kind: "wrong" }
  | { readonly kind: "limited"; readonly retryAfterSeconds: number };

/**
 * Checks a user name and password. Each guess is counted before it is hashed, so any number of them at once stays
 * within the limits; a password that was found right a moment ago, or is being checked already, is no new guess.
 * Unknown names cost the same time as wrong passwords.
 */
export async function signIn(
  { db, passwords, limits }: SignInDeps,
  attempt: { readonly username: string; readonly password: string; readonly address: string },
): Promise<SignIn> {
  // Any spelling of a name is the same name, also to the limits.
  const name = usernameSkeleton(attempt.username).slice(0, 100);
  const pair = `${name}\n${attempt.address}`;
  const found = await findUserByUsername(db, attempt.username);
  let isCounted = false;
  try {
    const right = await passwords.verify(attempt.password, found?.passwordHash, {
      // Guesses on different names are different, also when no such account exists.
      subject: pair,
      admit: async () => {
        isCounted = true;
        return admit(limits, { name, pair, address: attempt.address });
      },
    });
    if (found === undefined || !right) {
      if (isCounted) await limits.address.consume(attempt.address);
      return { kind: "wrong" };
    }
  } catch (error) {
    if (error instanceof NotAdmitted) return { kind: "limited", retryAfterSeconds: error.retryAfterSeconds };
    throw error;
  }
  if (isCounted) await Promise.all([limits.pair.reset(pair), limits.known.consume(pair)]);
  const { passwordHash: _, ...user } = found;
  return { kind: "ok", user };
}

/** Counts a guess. Seconds to wait when it is one too many. */
async function admit(
  limits: SignInLimits,
  { name, pair, address }: { readonly name: string; readonly pair: string; readonly address: string },
): Promise<number | undefined> {
  const wait = (await limits.address.check(address)) ?? (await limits.pair.consume(pair));
  if (wait !== undefined) return wait;
  const nameWait = await limits.name.consume(name);
  if (nameWait === undefined) return undefined;
  if (!(await limits.known.has(pair))) return nameWait;
  await sleep(SLOWED_MS);
  return undefined;
}
