import type { PoolName, QueueKey } from "@elastic-gas/shared/resources";
import { CpuPolicy, Policy, type PolicyKind, type PoolLimits, QueuePolicy } from "./policy.ts";

/** What a pool is and can do: the only place where one pool differs from another. */
export interface PoolSpecification {
  readonly name: PoolName;
  /** What its workers run or do. */
  readonly label: string;
  /**
   * Behind the load balancer: its workers are registered there, judged by their target's health and deregistered before
   * they end. The others are judged by their heartbeat.
   */
  readonly balanced: boolean;
  /** The queue whose length and arrivals its rules look at. */
  readonly queue: QueueKey | null;
  /** An unhealthy worker leaves only when another one is in service. */
  readonly replacesByAddingFirst: boolean;
  /** A worker with a job is never chosen when the pool shrinks. */
  readonly shrinksIdleOnly: boolean;
  /** What a worker counts besides its CPU. */
  readonly measures: "requests" | "jobs" | null;
  /** Its workers repair what ended in a dead-letter queue. */
  readonly handlesDeadLetters: boolean;
  /** Which rules it can have; the first is its default. */
  readonly policyKinds: readonly [PolicyKind, ...PolicyKind[]];
  readonly defaults: PoolLimits & { readonly desired: number; readonly policy: Policy };
}

export const POOLS: Readonly<Record<PoolName, PoolSpecification>> = {
  web: {
    name: "web",
    label: "user-app",
    balanced: true,
    queue: null,
    replacesByAddingFirst: false,
    shrinksIdleOnly: false,
    measures: "requests",
    handlesDeadLetters: false,
    policyKinds: ["cpu", "adaptive", "requests", "fixed"],
    defaults: { desired: 1, min: 1, max: 8, policy: CpuPolicy.parse({ kind: "cpu" }) },
  },
  annotator: {
    name: "annotator",
    label: "annotation jobs",
    balanced: false,
    queue: "jobRequests",
    replacesByAddingFirst: false,
    shrinksIdleOnly: true,
    measures: "jobs",
    handlesDeadLetters: false,
    policyKinds: ["queue", "queue-thresholds", "fixed"],
    defaults: { desired: 2, min: 2, max: 10, policy: QueuePolicy.parse({ kind: "queue" }) },
  },
  utility: {
    name: "utility",
    label: "notify, archive, restore, thaw",
    balanced: false,
    queue: null,
    replacesByAddingFirst: true,
    shrinksIdleOnly: false,
    measures: null,
    handlesDeadLetters: true,
    policyKinds: ["fixed"],
    defaults: { desired: 1, min: 1, max: 2, policy: { kind: "fixed" } },
  },
};

/** So many checks in a row may fail before a pool counts as unchecked. */
export const UNCHECKED_TICKS = 3;

/** Since when a pool could not be checked, although it should have been three times; null while it is checked. */
export function uncheckedSince(
  pool: { readonly checkedAt: number | null; readonly stopping: boolean },
  tickSeconds: number,
  now: number,
): number | null {
  const { checkedAt, stopping } = pool;
  if (stopping || checkedAt === null) return null;
  return now - checkedAt > UNCHECKED_TICKS * tickSeconds * 1_000 ? checkedAt : null;
}

/** A stored policy. One that this version does not know becomes the pool's default: it is never obeyed by half. */
export function readPolicy(pool: PoolName, stored: unknown): Policy {
  const policy = Policy.safeParse(stored);
  return policy.success ? policy.data : POOLS[pool].defaults.policy;
}
