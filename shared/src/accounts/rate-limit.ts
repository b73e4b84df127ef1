import { RateLimiterRes } from "rate-limiter-flexible";
import type { GuardedPool } from "../database/guarded-pool.ts";
import { LimiterStore } from "./limiter-store.ts";

export interface RateLimit {
  /** Names the rows of this limit. */
  readonly name: string;
  readonly points: number;
  readonly perSeconds: number;
  /**
   * When given, each time that the limit is passed doubles the wait, up to this. A day without passing it begins again.
   */
  readonly longestSeconds?: number;
}

export interface RateLimiter {
  /**
   * Takes one point. Seconds to wait when none is left, else undefined. Any number of calls at once get no more than
   * the points there are.
   */
  consume(key: string): Promise<number | undefined>;
  /** Seconds to wait when no point is left, without taking one. */
  check(key: string): Promise<number | undefined>;
  /** True when a point was taken within the limit's time. */
  has(key: string): Promise<boolean>;
  reset(key: string): Promise<void>;
}

export interface RateLimitStore {
  readonly pool: GuardedPool;
  /** The schema's name (see `schemaOf` in database/connect.ts). */
  readonly schema: string;
}

const DAY_SECONDS = 86_400;
/** Clocks of machines that agree differ by less. */
const CLOCK_SLACK_MS = 5_000;

/**
 * A limit that all workers share, through MySQL. When MySQL fails, so does the call: a limit that cannot be checked is
 * not lifted.
 */
export function createRateLimiter(
  { pool, schema }: RateLimitStore,
  { name, points, perSeconds, longestSeconds = perSeconds }: RateLimit,
): RateLimiter {
  const create = (keyPrefix: string, most: number, duration: number) =>
    new LimiterStore({ pool, schema, table: "rate_limits" }, { keyPrefix, points: most, duration });
  const limiter = create(name, points, perSeconds);
  const rounds = create(`${name}-rounds`, points, DAY_SECONDS);
  /** The first that finds no point left begins a round; those after it wait for its end. */
  const refuse = async (key: string, { consumedPoints, msBeforeNext }: RateLimiterRes): Promise<number> => {
    if (longestSeconds > perSeconds && consumedPoints === points + 1) {
      const { consumedPoints: round } = await rounds.penalty(key);
      const seconds = Math.min(longestSeconds, perSeconds * 2 ** (round - 1));
      await limiter.block(key, seconds);
      return seconds;
    }
    return Math.max(1, Math.ceil(msBeforeNext / 1_000));
  };
  // A row that lasts longer than any of the limit's was written while that machine's clock was ahead.
  const isFromTheFuture = ({ msBeforeNext }: RateLimiterRes): boolean =>
    msBeforeNext > Math.max(perSeconds, longestSeconds) * 1_000 + CLOCK_SLACK_MS;
  const consume = async (key: string): Promise<number | undefined> => {
    try {
      await limiter.consume(key);
      return undefined;
    } catch (refusal) {
      if (!(refusal instanceof RateLimiterRes)) throw refusal;
      if (!isFromTheFuture(refusal)) return refuse(key, refusal);
      await limiter.delete(key);
      return consume(key);
    }
  };
  return {
    consume,
    async check(key) {
      const state = await limiter.get(key);
      if (state === null || state.consumedPoints < points || isFromTheFuture(state)) return undefined;
      return Math.max(1, Math.ceil(state.msBeforeNext / 1_000));
    },
    async has(key) {
      return (await limiter.get(key)) !== null;
    },
    async reset(key) {
      await limiter.delete(key);
    },
  };
}
