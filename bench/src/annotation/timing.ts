import { execFileSync } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";

/** Of a whole process, in seconds. */
export interface Times {
  readonly wall: number;
  readonly cpu: number;
}

export interface EngineTimes extends Times {
  readonly rssBytes: number;
  /** Without the start of the process, which has started when a job comes. */
  readonly runSeconds: number;
}

/** The fastest of some runs, by the shell's `time`. */
export function best(command: readonly string[], runs: number): Times {
  const times = Array.from({ length: runs }, () => {
    const script = 'TIMEFORMAT="%R %U %S"; { time "$@" 2>/dev/null; } 2>&1 >/dev/null | tail -1';
    const [wall = 0, user = 0, system = 0] = execFileSync("bash", ["-c", script, "bash", ...command], {
      encoding: "utf8",
    })
      .trim()
      .split(" ")
      .map(Number);
    return { wall, cpu: user + system };
  });
  return { wall: Math.min(...times.map(({ wall }) => wall)), cpu: Math.min(...times.map(({ cpu }) => cpu)) };
}

/** The engine with the memory limits of an annotator; the fastest of some runs and the largest memory of them. */
export function bestOfEngine(
  file: string,
  { folder, pack, runs }: { readonly folder: string; readonly pack?: string; readonly runs: number },
): EngineTimes {
  const limits = ["--max-old-space-size=112", "--max-semi-space-size=4"];
  const main = join(import.meta.dirname, "engine-main.ts");
  const times = best([process.execPath, ...limits, main, file, folder, ...(pack === undefined ? [] : [pack])], runs);
  const told = join(folder, "runs.txt");
  const each = readFileSync(told, "utf8")
    .trim()
    .split("\n")
    .map((line) => line.split(" ").map(Number));
  rmSync(told);
  return {
    ...times,
    rssBytes: Math.max(...each.map(([rss = 0]) => rss)),
    runSeconds: Math.min(...each.map(([, ms = 0]) => ms)) / 1_000,
  };
}

/** `12.10 s wall, 14.02 s CPU, 82,644 records/s` */
export function timesText({ wall, cpu }: Times, records: number): string {
  const rate = Math.round(records / wall).toLocaleString("en-US");
  return `${wall.toFixed(2)} s wall, ${cpu.toFixed(2)} s CPU, ${rate} records/s`;
}

export function megabytes(bytes: number): number {
  return bytes / 2 ** 20;
}
