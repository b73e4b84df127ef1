import { readdirSync, readFileSync } from "node:fs";

/** Pids of the processes of all instances of one data folder: their home is below its `instances`. */
function instancePids(dataDir: string): readonly number[] {
  return readdirSync("/proc")
    .map(Number)
    .filter(
      (pid) => Number.isInteger(pid) && pid !== process.pid && environmentOf(pid).includes(`${dataDir}/instances/`),
    );
}

/** Kills them all at once and says how many there were. */
export function killInstances(dataDir: string): number {
  const pids = instancePids(dataDir);
  for (const pid of pids) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // ended with its parent a moment ago
    }
  }
  return pids.length;
}

/** Pid of one part (`local-cloud`, `manager` ...) of the system of one data folder. */
export function partPid(dataDir: string, part: string): number {
  const pid = readdirSync("/proc")
    .map(Number)
    .find(
      (each) =>
        Number.isInteger(each) &&
        commandOf(each).includes(`${part}/src/main.ts`) &&
        environmentOf(each).includes(`DATA_DIR=${dataDir}\0`),
    );
  if (pid === undefined) throw new Error(`No process of ${part} runs for ${dataDir}.`);
  return pid;
}

const commandOf = (pid: number) => ofProcess(pid, "cmdline");
const environmentOf = (pid: number) => ofProcess(pid, "environ");

function ofProcess(pid: number, file: "cmdline" | "environ"): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch {
    return ""; // ended while we looked
  }
}
