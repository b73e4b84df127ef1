import type { Pool } from "mysql2";
import { RateLimiterMySQL, RateLimiterRes } from "rate-limiter-flexible";

export interface RateLimit {
  /** Names the rows of this limit. */
  readonly name: string;
  readonly points: number;
  readonly perSeconds: number;
}

export interface RateLimiter {
  /** Takes one point. Seconds to wait when none is left, else undefined. */
  consume(key: string): Promise<number | undefined>;
  /** Seconds to wait when no point is left, without taking one. */
  check(key: string): Promise<number | undefined>;
  reset(key: string): Promise<void>;
}

export interface RateLimitStore {
  readonly pool: Pool;
  /** The schema's name (see `schemaOf` in database/connect.ts). */
  readonly schema: string;
}

/** A limit that all workers share, through MySQL. When MySQL fails, so does the call: a limit that cannot be checked is not lifted. */
export function createRateLimiter(
  { pool, schema }: RateLimitStore,
  { name, points, perSeconds }: RateLimit,
): RateLimiter {
  const limiter = new RateLimiterMySQL({
    storeClient: pool,
    dbName: schema,
    tableName: "rate_limits",
    tableCreated: true, // by our migration
    keyPrefix: name,
    points,
    duration: perSeconds,
  });
  return {
    async consume(key) {
      try {
        await limiter.consume(key);
        return undefined;
      } catch (refusal) {
        if (refusal instanceof RateLimiterRes) return Math.max(1, Math.ceil(refusal.msBeforeNext / 1_000));
        throw refusal;
      }
    },
    async check(key) {
      const state = await limiter.get(key);
      if (state === null || state.consumedPoints < points) return undefined;
      return Math.max(1, Math.ceil(state.msBeforeNext / 1_000));
    },
    async reset(key) {
      await limiter.delete(key);
    },
  };
}
