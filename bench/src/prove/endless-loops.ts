import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { availableParallelism } from "node:os";
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

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
}
