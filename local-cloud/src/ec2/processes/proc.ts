import { readdirSync, readFileSync } from "node:fs";

/** One line of /proc/<pid>/stat (proc_pid_stat(5)); times in clock ticks. */
export interface ProcessStat {
  readonly pid: number;
  readonly state: string;
  readonly parentPid: number;
  readonly sessionId: number;
  /** Own time, user and system. */
  readonly ownTicks: number;
  /** Time of children that ended and were waited for. */
  readonly reapedTicks: number;
  /** After the machine's boot. */
  readonly startTicks: number;
}

/** Linux fixes USER_HZ at 100 on all architectures that Node runs on. */
export const TICKS_PER_SECOND = 100;

/** The command may contain spaces and parentheses: fields are counted from the last `)`. */
export function parseStat(text: string): ProcessStat {
  const close = text.lastIndexOf(")");
  const fields = text.slice(close + 2).split(" ");
  const field = (index: number) => Number(fields[index - 3]); // proc_pid_stat(5) counts from 1; the state is field 3
  return {
    pid: Number.parseInt(text, 10),
    state: fields[0] ?? "",
    parentPid: field(4),
    sessionId: field(6),
    ownTicks: field(14) + field(15),
    reapedTicks: field(16) + field(17),
    startTicks: field(22),
  };
}

/** Undefined when there is no such process any more. */
export function readStat(pid: number): ProcessStat | undefined {
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, "latin1"));
  } catch {
    return undefined; // ended between two looks
  }
}

export function listPids(): number[] {
  return readdirSync("/proc").flatMap((name) => (name.charCodeAt(0) <= 57 ? [Number(name)] : []));
}

/** The value of a variable in the environment a process was started with; undefined when unset or not ours to read. */
export function readVariable(pid: number, name: string): string | undefined {
  try {
    const start = `${name}=`;
    const line = readFileSync(`/proc/${pid}/environ`, "latin1")
      .split("\0")
      .find((entry) => entry.startsWith(start));
    return line?.slice(start.length);
  } catch {
    return undefined;
  }
}

/** True also for another user's process, whose environment is not ours to read. */
export function hasEnvironment(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, "latin1") !== "";
  } catch {
    return true;
  }
}

/** Start times count from the boot: only with this id do they name a process for ever. */
export function readBootId(): string {
  return readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim();
}

/** A process that ended but was not waited for holds no resources and takes no signals. */
export function isEnded(stat: ProcessStat): boolean {
  return stat.state === "Z" || stat.state === "X" || stat.state === "x";
}

/** kthreadd is always 2, and parent of the others. */
export function isKernelThread(stat: ProcessStat): boolean {
  return stat.pid === 2 || stat.parentPid === 2;
}

export function isStopped(stat: ProcessStat): boolean {
  return stat.state === "T";
}

/** False when it is gone. */
export function sendSignal(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}
