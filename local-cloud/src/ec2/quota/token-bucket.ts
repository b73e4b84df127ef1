/** CPU seconds a session may use now; below zero it is in debt and must stand still. */
export interface Bucket {
  readonly level: number;
  readonly isPaused: boolean;
  /** Instant of the last look, seconds of a steady clock. */
  readonly at: number;
  /** CPU seconds used in all, at the last look. */
  readonly used: number;
}

export interface BucketLimits {
  readonly vcpus: number;
  /** Free CPU seconds since launch, while they last. */
  readonly creditCpuSeconds: number;
  readonly hasCredit: boolean;
}

/** One round of running and pausing: as short as the 10 ms clock ticks of /proc allow at small shares. */
const ROUND_SECONDS = 0.1;
/** How much an idle session may save up, in rounds; also what a late timer may not lose. */
const SAVED_ROUNDS = 3;

const SHORTEST_LOOK_SECONDS = 0.005;
const LONGEST_LOOK_SECONDS = 0.1;

export function newBucket(used: number, at: number): Bucket {
  return { level: 0, isPaused: false, at, used };
}

/**
 * Fills by the share of the time that passed and drains by what was used. What was used beyond the level stays as a
 * debt, so
 * the mean holds exactly however late the looks come; only the level's ceiling forgets, and only what an idle session
 * left.
 */
export function look(bucket: Bucket, used: number, at: number, limits: BucketLimits): Bucket {
  const round = limits.vcpus * ROUND_SECONDS;
  const filled = Math.min(bucket.level + limits.vcpus * (at - bucket.at), SAVED_ROUNDS * round);
  if (limits.hasCredit && used < limits.creditCpuSeconds) return { level: filled, isPaused: false, at, used };
  // The part that the credit paid for is no debt.
  const free = limits.hasCredit ? Math.max(0, Math.min(used, limits.creditCpuSeconds) - bucket.used) : 0;
  const level = filled - Math.max(0, used - bucket.used - free);
  const isPaused = bucket.isPaused ? level < round : level <= 0;
  return { level, isPaused, at, used };
}

/**
 * Until the next look can change anything: a paused session has saved a round, or all cores together have used the
 * level up.
 */
export function secondsToNextLook(bucket: Bucket, vcpus: number, cores: number): number {
  const seconds = bucket.isPaused ? (vcpus * ROUND_SECONDS - bucket.level) / vcpus : bucket.level / cores;
  return Math.min(LONGEST_LOOK_SECONDS, Math.max(SHORTEST_LOOK_SECONDS, seconds));
}
