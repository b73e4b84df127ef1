import { readdirSync, readFileSync } from "node:fs";

/** Pids of the processes of one instance of a data folder, or of all: their home is below its `instances`. */
function instancePids(dataDir: string, instanceId: string): readonly number[] {
  return readdirSync("/proc")
    .map(Number)
    .filter(
      (pid) =>
        Number.isInteger(pid) &&
        pid !== process.pid &&
        environmentOf(pid).includes(`${dataDir}/instances/${instanceId}`),
    );
}

/** kill -9 of all processes of an instance, or of all instances, at once; says how many there were. */
export function killInstances(dataDir: string, instanceId = ""): number {
  const pids = instancePids(dataDir, instanceId);
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
        commandOf(each).includes(`dist/${part}/main.js`) &&
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
