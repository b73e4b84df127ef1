import {
  hasEnvironment,
  isEnded,
  isKernelThread,
  listPids,
  type ProcessStat,
  readBootId,
  readStat,
  readVariable,
  sendSignal,
} from "./proc.ts";

/** Every process of an instance inherits this variable: `<owner>/<instance id>`. */
export const MARKER = "LOCAL_CLOUD_INSTANCE";

export interface Leader {
  readonly pid: number;
  readonly startTicks: number;
  readonly bootId: string;
}

/** Strangers are looked at again this often: their pid may have been given to a new process between two looks. */
const REFRESH_MILLISECONDS = 2000;

/**
 * Which processes belong to which session. A process belongs if its session id is that of a leader whose start time was
 * verified, if its parent belongs, if it was seen to belong before, or if it carries the session's marker in its
 * environment:
 * so double forks, own sessions and orphans are found, also by a table that was made after the leader ended, and a pid
 * that
 * was given to a stranger never counts.
 */
export class SessionTable {
  readonly #owner: string;
  readonly #bootId = readBootId();
  readonly #leaders = new Map<string, Leader | null>();
  readonly #trustedSids = new Map<number, string>();
  readonly #members = new Map<string, Map<number, ProcessStat>>();
  #strangers = new Set<number>();
  #refreshedAt = 0;

  constructor(owner: string) {
    this.#owner = owner;
  }

  /** Starts (or goes on) following a session; null: the leader is not known, only the marker counts. */
  track(key: string, leader: Leader | null): void {
    this.#leaders.set(key, leader);
    if (!this.#members.has(key)) this.#members.set(key, new Map());
    this.#strangers = new Set();
  }

  untrack(key: string): void {
    this.#leaders.delete(key);
    this.#members.delete(key);
    for (const [sid, owner] of this.#trustedSids) if (owner === key) this.#trustedSids.delete(sid);
  }

  /** Living processes at the last scan. */
  members(key: string): readonly ProcessStat[] {
    return this.listWithEnded(key).filter((stat) => !isEnded(stat));
  }

  /** Also those that ended but were not waited for: their time is not yet in their parent's account. */
  listWithEnded(key: string): readonly ProcessStat[] {
    return [...(this.#members.get(key)?.values() ?? [])];
  }

  scan(nowMilliseconds = performance.now()): void {
    if (this.#leaders.size === 0) return; // nothing could belong: a cloud at rest does not read /proc
    if (nowMilliseconds - this.#refreshedAt > REFRESH_MILLISECONDS) {
      this.#strangers = new Set();
      this.#refreshedAt = nowMilliseconds;
    }
    const belongs = this.#rereadMembers();
    this.#trustLeaders();
    const pids = listPids();
    const fresh = pids.filter((pid) => !belongs.has(pid) && !this.#strangers.has(pid));
    const undecided: ProcessStat[] = [];
    for (const pid of fresh) {
      const stat = readStat(pid);
      if (!stat) continue;
      const key = this.#trustedSids.get(stat.sessionId) ?? this.#byMarker(pid);
      if (key === undefined) undecided.push(stat);
      else this.#add(key, stat, belongs);
    }
    this.#addDescendants(undecided, belongs);
    const present = new Set(pids);
    this.#strangers = this.#strangers.intersection(present);
    this.#distrustEmptySessions();
  }

  /** To all living members, looking again until no new one appears: a fork may race with the signal. */
  signal(key: string, signal: NodeJS.Signals): void {
    const reached = new Set<number>();
    for (let round = 0; round < 5; round++) {
      this.scan();
      const fresh = this.members(key).filter((stat) => !reached.has(stat.pid));
      if (fresh.length === 0) return;
      for (const { pid } of fresh) {
        sendSignal(pid, signal);
        reached.add(pid);
      }
    }
  }

  /** Keys of the owner that live processes carry but nobody tracks: leaks of an earlier life. */
  listUntrackedKeys(): string[] {
    const keys = listPids().flatMap((pid) => {
      const key = this.#keyOfMarker(pid);
      const stat = key === undefined ? undefined : readStat(pid);
      return key !== undefined && stat && !isEnded(stat) && !this.#leaders.has(key) ? [key] : [];
    });
    return [...new Set(keys)];
  }

  #rereadMembers(): Map<number, string> {
    const belongs = new Map<number, string>();
    for (const [key, members] of this.#members) {
      for (const [pid, before] of members) {
        const stat = readStat(pid);
        if (stat?.startTicks !== before.startTicks) members.delete(pid);
        else this.#add(key, stat, belongs);
      }
    }
    return belongs;
  }

  #trustLeaders(): void {
    for (const [key, leader] of this.#leaders) {
      if (!leader || leader.bootId !== this.#bootId) continue;
      const stat = readStat(leader.pid);
      if (stat && stat.startTicks === leader.startTicks) this.#trustedSids.set(leader.pid, key);
    }
  }

  /**
   * A session's number stays reserved as long as one process is in it, so a verified one is trusted until it is empty.
   */
  #distrustEmptySessions(): void {
    for (const [sid, key] of this.#trustedSids) {
      if (!this.listWithEnded(key).some((stat) => stat.sessionId === sid)) this.#trustedSids.delete(sid);
    }
  }

  #addDescendants(undecided: readonly ProcessStat[], belongs: Map<number, string>): void {
    let rest = undecided;
    for (;;) {
      const left = rest.filter((stat) => {
        const key = belongs.get(stat.parentPid);
        if (key === undefined) return true;
        this.#add(key, stat, belongs);
        return false;
      });
      if (left.length === rest.length) break;
      rest = left;
    }
    // In the middle of an exec the environment reads as empty: who has none is asked again.
    for (const stat of rest) {
      if (isEnded(stat) || isKernelThread(stat) || hasEnvironment(stat.pid)) this.#strangers.add(stat.pid);
    }
  }

  #add(key: string, stat: ProcessStat, belongs: Map<number, string>): void {
    this.#members.get(key)?.set(stat.pid, stat);
    belongs.set(stat.pid, key);
  }

  #byMarker(pid: number): string | undefined {
    const key = this.#keyOfMarker(pid);
    return key !== undefined && this.#leaders.has(key) ? key : undefined;
  }

  #keyOfMarker(pid: number): string | undefined {
    const marker = readVariable(pid, MARKER);
    return marker?.startsWith(`${this.#owner}/`) ? marker.slice(this.#owner.length + 1) : undefined;
  }
}
