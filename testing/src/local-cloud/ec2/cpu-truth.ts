import {
  listPids,
  type ProcessStat,
  readStat,
  readVariable,
  TICKS_PER_SECOND,
} from "@elastic-gas/local-cloud/ec2/processes/proc";
import { MARKER } from "@elastic-gas/local-cloud/ec2/processes/session-table";

interface Sample {
  readonly atSeconds: number;
  readonly usedSeconds: number;
}

const SAMPLE_MS = 100;

/**
 * The CPU seconds of an instance's session as /proc tells them, sampled all the time: the time of living processes and
 * of those that were waited for. Shares nothing with the accounts of the service but the reading of a stat line.
 */
export class CpuTruth implements Disposable {
  readonly #sessionId: number;
  readonly #samples: Sample[] = [];
  readonly #timer: NodeJS.Timeout;

  constructor(instanceId: string) {
    this.#sessionId = sessionOf(instanceId);
    this.#timer = setInterval(() => this.#sample(), SAMPLE_MS);
    this.#sample();
  }

  /** CPU seconds used until now. */
  usedNow(): number {
    const ticks = membersOf(this.#sessionId).reduce((sum, stat) => sum + stat.ownTicks + stat.reapedTicks, 0);
    return ticks / TICKS_PER_SECOND;
  }

  hasSampled(at: number): boolean {
    return (this.#samples.at(-1)?.atSeconds ?? 0) > at;
  }

  /** CPU seconds used between two instants, seconds since 1970; both must have been sampled. */
  usedBetween(start: number, end: number): number {
    return this.#usedAt(end) - this.#usedAt(start);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #usedAt(at: number): number {
    const after = this.#samples.findIndex(({ atSeconds }) => atSeconds >= at);
    const [one, two] = [this.#samples[after - 1], this.#samples[after]];
    if (!one || !two) throw new Error(`Not sampled at ${at}.`);
    const part = (at - one.atSeconds) / (two.atSeconds - one.atSeconds);
    return one.usedSeconds + part * (two.usedSeconds - one.usedSeconds);
  }

  #sample(): void {
    this.#samples.push({ atSeconds: Date.now() / 1000, usedSeconds: this.usedNow() });
  }
}

function membersOf(sessionId: number): readonly ProcessStat[] {
  return listPids().flatMap((pid) => {
    const stat = readStat(pid);
    return stat?.sessionId === sessionId ? [stat] : [];
  });
}

function sessionOf(instanceId: string): number {
  const pid = listPids().find((each) => readVariable(each, MARKER)?.endsWith(`/${instanceId}`));
  const stat = pid === undefined ? undefined : readStat(pid);
  if (!stat) throw new Error(`No process of ${instanceId} lives.`);
  return stat.sessionId;
}
