import type { Request } from "express";
import { createRateLimiter, type RateLimiter, type RateLimitStore } from "./rate-limit.ts";
import { checkSecondFactor, type SecondFactorStore } from "./second-factor.ts";
import { findUserById, type User } from "./users.ts";

declare module "express-session" {
  interface SessionData {
    /** Whose password was right; the code is still to come. `at`: milliseconds since the epoch. */
    secondStep?: { readonly userId: number; readonly at: number; readonly next: string };
  }
}

/** Each time that it is passed doubles the wait: guessing one code of a million takes years. */
const CODE_LIMIT = { points: 5, perSeconds: 300, longestSeconds: 3_600 } as const;
/** How long an address counts as one from which an account has finished its second step. */
const KNOWN_SECONDS = 90 * 86_400;
const STEP_MS = 5 * 60_000;

/** Codes for one account, in both apps together. */
export interface CodeLimits {
  /** From all addresses together from which it never finished the second step. */
  readonly strangers: RateLimiter;
  /** From one address from which it did: strangers who know the password do not lock its owner out. */
  readonly known: RateLimiter;
  /** Pairs of an account and an address that have finished it. */
  readonly finished: RateLimiter;
}

export function createCodeLimits(store: RateLimitStore): CodeLimits {
  return {
    strangers: createRateLimiter(store, { name: "second-factor", ...CODE_LIMIT }),
    known: createRateLimiter(store, { name: "second-factor-known", ...CODE_LIMIT }),
    finished: createRateLimiter(store, {
      name: "second-factor-finished",
      points: Number.MAX_SAFE_INTEGER,
      perSeconds: KNOWN_SECONDS,
    }),
  };
}

/** Remembers, under a new session id, that the password was right. Nobody is signed in by this. */
export function startSecondStep(req: Request, step: { readonly userId: number; readonly next: string }): Promise<void> {
  return new Promise((resolve, reject) => {
    req.session.regenerate((error: unknown) => {
      if (error) {
        reject(error);
        return;
      }
      req.session.secondStep = { ...step, at: Date.now() };
      req.session.save((saveError: unknown) => (saveError ? reject(saveError) : resolve()));
    });
  });
}

/** True while this browser may send a code. */
export function isAtSecondStep(req: Request): boolean {
  const step = req.session.secondStep;
  return step !== undefined && step.at + STEP_MS > Date.now();
}

export type SecondStep =
  | { readonly kind: "ok"; readonly user: User; readonly next: string }
  /** The password was not asked for, or too long ago. */
  | { readonly kind: "over" }
  | { readonly kind: "wrong"; readonly user: User }
  | { readonly kind: "limited"; readonly user: User; readonly retryAfterSeconds: number };

/** Counts the guess, then checks the code. */
export async function takeSecondStep(
  { db, box, limits }: SecondFactorStore & { readonly limits: CodeLimits },
  req: Request,
  code: string,
): Promise<SecondStep> {
  const step = req.session.secondStep;
  const user = step !== undefined && isAtSecondStep(req) ? await findUserById(db, step.userId) : undefined;
  // A password changed meanwhile ends the step, as it ends sessions.
  if (step === undefined || user === undefined || user.passwordChangedAt.getTime() > step.at) return { kind: "over" };
  const pair = `${user.id}\n${req.ip ?? ""}`;
  const [limit, key] = (await limits.finished.has(pair))
    ? ([limits.known, pair] as const)
    : ([limits.strangers, String(user.id)] as const);
  const wait = await limit.consume(key);
  if (wait !== undefined) return { kind: "limited", user, retryAfterSeconds: wait };
  if (!(await checkSecondFactor({ db, box }, { userId: user.id, code, now: new Date() })))
    return { kind: "wrong", user };
  await Promise.all([limit.reset(key), limits.finished.consume(pair)]);
  return { kind: "ok", user, next: step.next };
}
