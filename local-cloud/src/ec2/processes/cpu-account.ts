import type { ProcessStat } from "./proc.ts";

/** CPU time of a session from /proc, in clock ticks, kept so that the time of processes that ended is not lost. */
export interface CpuAccount {
  readonly seen: ReadonlyMap<number, ProcessStat>;
  /** Time of ended processes that no living member's account of reaped children holds. */
  readonly endedTicks: number;
}

export const EMPTY_ACCOUNT: CpuAccount = { seen: new Map(), endedTicks: 0 };

export function totalTicks(account: CpuAccount): number {
  let total = account.endedTicks;
  for (const stat of account.seen.values()) total += stat.ownTicks + stat.reapedTicks;
  return total;
}

/**
 * Takes a new look at the session's processes (with zombies). The time of a process that vanished is either in the
 * account of
 * its nearest surviving ancestor, who waited for it, or nowhere (an orphan; a parent that ignores SIGCHLD): what the
 * ancestor's
 * account did not grow by is kept here. So the total never falls.
 */
export function takeAccount(account: CpuAccount, stats: readonly ProcessStat[]): CpuAccount {
  const seen = new Map(stats.map((stat) => [stat.pid, stat]));
  const survives = (stat: ProcessStat) => seen.get(stat.pid)?.startTicks === stat.startTicks;
  const expected = new Map<number, number>();
  let endedTicks = account.endedTicks;
  for (const stat of account.seen.values()) {
    if (survives(stat)) continue;
    const ticks = stat.ownTicks + stat.reapedTicks;
    const heir = findHeir(stat, account.seen, survives);
    if (heir === undefined) endedTicks += ticks;
    else expected.set(heir, (expected.get(heir) ?? 0) + ticks);
  }
  for (const [pid, ticks] of expected) {
    const grown = (seen.get(pid)?.reapedTicks ?? 0) - (account.seen.get(pid)?.reapedTicks ?? 0);
    endedTicks += Math.max(0, ticks - grown);
  }
  return { seen, endedTicks };
}

function findHeir(
  stat: ProcessStat,
  before: ReadonlyMap<number, ProcessStat>,
  survives: (stat: ProcessStat) => boolean,
): number | undefined {
  let parent = before.get(stat.parentPid);
  while (parent && !survives(parent)) parent = before.get(parent.parentPid);
  return parent?.pid;
}
