import type { Request } from "express";
import type { RateLimiter } from "./rate-limit.ts";
import { checkSecondFactor, type SecondFactorStore } from "./second-factor.ts";
import { findUserById, type User } from "./users.ts";

declare module "express-session" {
  interface SessionData {
    /** Whose password was right; the code is still to come. `at`: milliseconds since the epoch. */
    secondStep?: { readonly userId: number; readonly at: number; readonly next: string };
  }
}

/** Codes for one account, in both apps together: guessing one of a million takes years. */
export const CODE_LIMIT = { name: "second-factor", points: 5, perSeconds: 300, longestSeconds: 3_600 } as const;
const STEP_MS = 5 * 60_000;

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
  { db, box, limit }: SecondFactorStore & { readonly limit: RateLimiter },
  req: Request,
  code: string,
): Promise<SecondStep> {
  const step = req.session.secondStep;
  const user = step !== undefined && isAtSecondStep(req) ? await findUserById(db, step.userId) : undefined;
  // A password changed meanwhile ends the step, as it ends sessions.
  if (step === undefined || user === undefined || user.passwordChangedAt.getTime() > step.at) return { kind: "over" };
  const wait = await limit.consume(String(user.id));
  if (wait !== undefined) return { kind: "limited", user, retryAfterSeconds: wait };
  if (!(await checkSecondFactor({ db, box }, { userId: user.id, code, now: new Date() })))
    return { kind: "wrong", user };
  await limit.reset(String(user.id));
  return { kind: "ok", user, next: step.next };
}
