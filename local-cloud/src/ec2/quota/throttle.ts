import { availableParallelism } from "node:os";
import { type CpuAccount, EMPTY_ACCOUNT, takeAccount, totalTicks } from "../processes/cpu-account.ts";
import { isStopped, sendSignal, TICKS_PER_SECOND } from "../processes/proc.ts";
import { SessionTable } from "../processes/session-table.ts";
import type { QuotaSession } from "./enforcer.ts";
import { type Bucket, look, newBucket, secondsToNextLook } from "./token-bucket.ts";

interface Throttled {
  session: QuotaSession;
  account: CpuAccount;
  bucket: Bucket;
}

const IDLE_SECONDS = 0.1;

/** Pauses and resumes all processes of sessions so that each keeps to its share. */
export class Throttle {
  readonly #table: SessionTable;
  readonly #throttled = new Map<string, Throttled>();
  readonly #cores = availableParallelism();

  constructor(owner: string) {
    this.#table = new SessionTable(owner);
  }

  /**
   * The complete list. A session that was left stopped by an earlier pauser is resumed; one that left the list, too.
   */
  apply(sessions: readonly QuotaSession[]): void {
    const listed = new Set(sessions.map((session) => session.instanceId));
    for (const [instanceId, { session }] of this.#throttled) {
      if (listed.has(instanceId)) continue;
      if (!session.hung) this.#resume(instanceId);
      this.#table.untrack(instanceId);
      this.#throttled.delete(instanceId);
    }
    for (const session of sessions) this.#table.track(session.instanceId, session.leader);
    this.#table.scan();
    for (const session of sessions) {
      const known = this.#throttled.get(session.instanceId);
      if (known) {
        known.session = session;
        continue;
      }
      const account = takeAccount(EMPTY_ACCOUNT, this.#table.listWithEnded(session.instanceId));
      const bucket = newBucket(totalTicks(account) / TICKS_PER_SECOND, now());
      this.#throttled.set(session.instanceId, { session, account, bucket });
      if (!session.hung) this.#resume(session.instanceId);
    }
  }

  /** Looks at all sessions; returns in how many seconds the next look is due. */
  step(): number {
    this.#table.scan();
    let next = IDLE_SECONDS;
    for (const [instanceId, throttled] of this.#throttled) {
      const { session } = throttled;
      throttled.account = takeAccount(throttled.account, this.#table.listWithEnded(instanceId));
      const used = totalTicks(throttled.account) / TICKS_PER_SECOND;
      const before = throttled.bucket;
      throttled.bucket = look(before, used, now(), {
        vcpus: session.vcpus,
        creditCpuSeconds: session.creditCpuSeconds,
        hasCredit: Date.now() < session.creditEndsAt,
      });
      if (session.hung) continue;
      if (throttled.bucket.isPaused) {
        if (before.isPaused) this.#stopLateComers(instanceId);
        else this.#table.signal(instanceId, "SIGSTOP");
      } else if (before.isPaused) this.#resume(instanceId);
      next = Math.min(next, secondsToNextLook(throttled.bucket, session.vcpus, this.#cores));
    }
    return next;
  }

  resumeAll(): void {
    this.#table.scan();
    for (const [instanceId, { session }] of this.#throttled) if (!session.hung) this.#resume(instanceId);
  }

  /** Somebody else may have continued a process, or a fork slipped through. */
  #stopLateComers(instanceId: string): void {
    for (const stat of this.#table.members(instanceId)) if (!isStopped(stat)) sendSignal(stat.pid, "SIGSTOP");
  }

  #resume(instanceId: string): void {
    for (const { pid } of this.#table.members(instanceId)) sendSignal(pid, "SIGCONT");
  }
}

function now(): number {
  return performance.now() / 1000;
}
