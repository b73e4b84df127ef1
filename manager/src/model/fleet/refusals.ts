import type { PoolSnapshot } from "./fleet-snapshot.ts";

/** What the buttons refuse, and why; null when it is possible. */
export function growRefusal({
  desired,
  max,
  stopping,
}: Pick<PoolSnapshot, "desired" | "max" | "stopping">): string | null {
  if (stopping) return "the manager is stopping";
  return desired >= max ? `at the maximum of ${max}` : null;
}

export function shrinkRefusal({
  desired,
  min,
  stopping,
}: Pick<PoolSnapshot, "desired" | "min" | "stopping">): string | null {
  if (stopping) return "the manager is stopping";
  return desired <= min ? `at the minimum of ${min}` : null;
}

/** Why a pool does not change to `after` workers; null when it can. */
export function resizeRefusal(
  pool: Pick<PoolSnapshot, "desired" | "min" | "max" | "stopping">,
  verb: "grow" | "shrink",
  after: number,
): string | null {
  const { desired, min, max } = pool;
  const atEdge = verb === "grow" ? growRefusal(pool) : shrinkRefusal(pool);
  if (atEdge !== null) return atEdge;
  if (verb === "grow" ? after <= desired : after >= desired) return `desired is ${desired} already`;
  if (after > max) return `${after} is above the maximum of ${max}`;
  return after < min ? `${after} is below the minimum of ${min}` : null;
}

/** Why a worker cannot be drained; null when it can. */
export function drainRefusal(pool: Pick<PoolSnapshot, "desired" | "min" | "stopping">): string | null {
  if (pool.stopping) return "the manager is stopping";
  return pool.desired <= pool.min ? `the pool is at its minimum of ${pool.min}` : null;
}
