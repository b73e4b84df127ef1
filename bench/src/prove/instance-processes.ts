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

function environmentOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, "utf8");
  } catch {
    return ""; // ended while we looked
  }
}
