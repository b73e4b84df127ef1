import type { Leader } from "../processes/session-table.ts";

/** What an enforcer has to know of a running instance. */
export interface QuotaSession {
  readonly instanceId: string;
  readonly leader: Leader | null;
  readonly vcpus: number;
  /** CPU seconds that are free at launch, until `creditEndsAt` (milliseconds of the wall clock). */
  readonly creditCpuSeconds: number;
  readonly creditEndsAt: number;
  /** Stopped on purpose by a fault: never to be resumed. */
  readonly hung: boolean;
}

/**
 * Holds each instance's processes to their share of CPU time. All of an enforcer's state can be rebuilt from the
 * sessions, so
 * that it may be killed and replaced.
 */
export interface QuotaEnforcer {
  readonly kind: "cgroup-v2" | "cgroup-v1" | "pauser" | "none";
  /** Before the script starts; returns the files a new process writes itself into. */
  prepare(instanceId: string): readonly string[];
  /** Takes over processes that an earlier enforcer, perhaps of another kind, left running. */
  adopt(instanceId: string, pids: readonly number[]): void;
  /** The complete list; an instance that is not in it is not enforced any more. */
  apply(sessions: readonly QuotaSession[]): void;
  /** Now and then: looks whether launch credits are used up. */
  refresh(nowMilliseconds: number): void;
  /** CPU seconds since launch where the kernel counts them; undefined: count them from /proc. */
  readUsedSeconds(instanceId: string): number | undefined;
  /** All processes ended: forget it and leave nothing behind. */
  release(instanceId: string): void;
  /** With `keep`, running instances stay and are adopted by the next process. */
  close(keep: boolean): Promise<void>;
}
