import { createHmac, randomBytes } from "node:crypto";
import bcrypt from "bcrypt";
import { z } from "zod";
import { Overloaded } from "../web/errors.ts";
import { isCommonPassword } from "./common-passwords.ts";

/** 37 checks a second on two cores; each doubling step halves that. */
const COST = 10;
/** bcrypt reads 72 bytes and would ignore the rest, so longer ones are refused rather than cut. */
const MAX_PASSWORD_BYTES = 72;
/** What the pages ask for; the course's API takes shorter ones. */
const MIN_PAGE_PASSWORD_CHARACTERS = 8;

const CACHE_SECONDS = 60;
const CACHE_ENTRIES = 10_000;
/** bcrypt runs on libuv's threads, of which there are 4; file reads need one too. */
const CONCURRENT_HASHES = 2;
const WAITING_HASHES = 200;

export const ApiPassword = z
  .string()
  .min(1, "A password is needed.")
  .refine((text) => Buffer.byteLength(text) <= MAX_PASSWORD_BYTES, `At most ${MAX_PASSWORD_BYTES} bytes.`);
export const PagePassword = z
  .string()
  .min(MIN_PAGE_PASSWORD_CHARACTERS, `At least ${MIN_PAGE_PASSWORD_CHARACTERS} characters.`)
  .refine((text) => Buffer.byteLength(text) <= MAX_PASSWORD_BYTES, `At most ${MAX_PASSWORD_BYTES} bytes.`)
  .refine((text) => !isCommonPassword(text), "This is one of the passwords that guessers try first. Choose another.");

/** Too many hashes wait already; the caller answers 503. */
export class HashingOverloaded extends Overloaded {
  constructor() {
    super("Too many passwords are being checked at this moment. Try again in a few seconds.", {
      retryAfterSeconds: 5,
    });
    this.name = "HashingOverloaded";
  }
}

/** `admit` of a check refused it. */
export class NotAdmitted extends Error {
  readonly retryAfterSeconds: number;
  constructor(retryAfterSeconds: number) {
    super(`No more attempts for ${retryAfterSeconds}\u00a0s.`);
    this.name = "NotAdmitted";
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

export interface CheckOptions {
  /** Whose password it is; for accounts without a hash, whose checks are told apart by it. */
  readonly subject?: string;
  /**
   * Asked before a password is hashed: not for one that was right a moment ago, and once for equal checks at the same
   * time. Seconds to wait refuse it.
   */
  readonly admit?: () => Promise<number | undefined>;
}

export interface PasswordVerifier {
  /**
   * Throws HashingOverloaded when too many wait, NotAdmitted when `admit` refuses. An absent hash costs the same time
   * as a wrong password.
   */
  verify(password: string, hash: string | null | undefined, options?: CheckOptions): Promise<boolean>;
  /** A salted bcrypt hash, in the same bounded queue. */
  hash(password: string): Promise<string>;
}

/**
 * Checks passwords with bounded work: at most 2 hashes at once, equal checks under way share one, and a pair that was
 * right is remembered for 60 s, under an HMAC key that never leaves the process. Keyed by the stored hash, so a changed
 * password is forgotten by itself.
 */
export function createPasswordVerifier({
  now = Date.now,
  maxWaiting = WAITING_HASHES,
}: {
  readonly now?: () => number;
  readonly maxWaiting?: number;
} = {}): PasswordVerifier {
  const key = randomBytes(32);
  const rightUntil = new Map<string, number>();
  const underWay = new Map<string, Promise<boolean>>();
  const slots = createSlots(maxWaiting);
  // Made at the first use: hashing at start-up would slow every boot.
  let decoy: Promise<string> | undefined;

  const compare = async (password: string, hash: string | null | undefined): Promise<boolean> => {
    decoy ??= slots.run(() => bcrypt.hash(randomBytes(16).toString("hex"), COST));
    const against = hash ?? (await decoy);
    const equal = await slots.run(() => bcrypt.compare(password, against));
    return equal && hash !== null && hash !== undefined;
  };

  return {
    async verify(password, hash, { subject = "", admit } = {}) {
      if (Buffer.byteLength(password) > MAX_PASSWORD_BYTES) return false;
      const fingerprint = createHmac("sha256", key)
        .update(`${hash ?? ""}\0${subject}\0${password}`)
        .digest("base64");
      const until = rightUntil.get(fingerprint);
      if (until !== undefined && until > now()) return true;
      const running = underWay.get(fingerprint);
      if (running !== undefined) return running;
      const check = (async () => {
        const wait = await admit?.();
        if (wait !== undefined) throw new NotAdmitted(wait);
        return compare(password, hash);
      })().finally(() => underWay.delete(fingerprint));
      underWay.set(fingerprint, check);
      const right = await check;
      if (right) {
        if (rightUntil.size >= CACHE_ENTRIES) forgetOldest(rightUntil, now());
        rightUntil.set(fingerprint, now() + CACHE_SECONDS * 1_000);
      }
      return right;
    },
    hash: (password) => slots.run(() => bcrypt.hash(password, COST)),
  };
}

function forgetOldest(entries: Map<string, number>, now: number): void {
  for (const [fingerprint, until] of entries) if (until <= now) entries.delete(fingerprint);
  // Maps keep the order of insertion, so the first ones are the oldest.
  for (const fingerprint of entries.keys()) {
    if (entries.size < CACHE_ENTRIES) return;
    entries.delete(fingerprint);
  }
}

function createSlots(maxWaiting: number): { run<Value>(work: () => Promise<Value>): Promise<Value> } {
  let free = CONCURRENT_HASHES;
  const waiting: (() => void)[] = [];
  return {
    async run(work) {
      if (free === 0) {
        if (waiting.length >= maxWaiting) throw new HashingOverloaded();
        await new Promise<void>((resolve) => waiting.push(resolve));
      } else {
        free -= 1;
      }
      try {
        return await work();
      } finally {
        const next = waiting.shift();
        if (next === undefined) free += 1;
        else next();
      }
    },
  };
}
