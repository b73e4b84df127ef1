import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { availableParallelism, cpus } from "node:os";
import { cpuMillisecondsOf } from "../local-cloud/process-usage.ts";

/** Ends by itself when we are gone, however that came. */
const LOOP = `while (process.ppid === ${process.pid});`;

/** Processes that take all the CPU they get, until they are disposed of. */
interface EndlessLoops extends AsyncDisposable {
  readonly cores: number;
  readonly count: number;
  readonly pids: readonly number[];
  /** CPU time of all of them so far, milliseconds. */
  cpuMilliseconds(): number;
}

export function startEndlessLoops(perCore: number): EndlessLoops {
  const cores = availableParallelism();
  const loops = Array.from({ length: cores * perCore }, () =>
    spawn(process.execPath, ["-e", LOOP], { stdio: "ignore" }),
  );
  const pids = loops.flatMap(({ pid }) => (pid === undefined ? [] : [pid]));
  return {
    cores,
    count: loops.length,
    pids,
    cpuMilliseconds: () => pids.reduce((sum, pid) => sum + cpuMillisecondsOf(pid), 0),
    async [Symbol.asyncDispose]() {
      await Promise.all(loops.map(end));
    },
  };
}

/** CPU time of all cores since the machine's start, milliseconds. */
export interface CoreTimes {
  readonly idle: number;
  readonly all: number;
}

export function coreTimes(): CoreTimes {
  const times = cpus().map((core) => core.times);
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  return { idle: sum(times.map(({ idle }) => idle)), all: sum(times.map((each) => sum(Object.values(each)))) };
}

/** The share of the time between two readings in which cores had nothing to do. */
export function idleShare(from: CoreTimes, to: CoreTimes): number {
  return (to.idle - from.idle) / Math.max(1, to.all - from.all);
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
}
