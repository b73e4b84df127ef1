import { readdirSync, readFileSync } from "node:fs";

const TICK_MILLISECONDS = 10; // USER_HZ is 100 on every Linux that Node runs on
const USER_TIME = 14;
const SYSTEM_TIME = 15;
const MIB = 1024;

/**
 * CPU time of a process and all its threads since its start. https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
 */
export function cpuMillisecondsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  // The second field is the program's name in brackets, which may hold blanks; the third follows it.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const ticks = Number(fields[USER_TIME - 3]) + Number(fields[SYSTEM_TIME - 3]);
  if (Number.isNaN(ticks)) throw new Error(`/proc/${pid}/stat is not understood: ${stat}`);
  return ticks * TICK_MILLISECONDS;
}

/**
 * CPU time of the threads that a process has now, to the nanosecond: for spans that `cpuMillisecondsOf` is too coarse
 * for. https://docs.kernel.org/scheduler/sched-stats.html
 */
export function threadMicrosecondsOf(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`);
  return threads.reduce((sum, thread) => {
    const [nanoseconds] = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ");
    return sum + Number(nanoseconds) / 1000;
  }, 0);
}

/** Resident memory in MiB. */
export function residentMebibytesOf(pid: number): number {
  const [, kibibytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  if (kibibytes === undefined) throw new Error(`/proc/${pid}/status has no VmRSS.`);
  return Number(kibibytes) / MIB;
}
