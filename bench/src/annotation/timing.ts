import { execFileSync } from "node:child_process";

const RUNS = 3;

/** The fastest of some runs, by the shell's `time`. */
export function best(command: readonly string[]): { wall: number; cpu: number } {
  const runs = Array.from({ length: RUNS }, () => {
    const script = 'TIMEFORMAT="%R %U %S"; { time "$@" 2>/dev/null; } 2>&1 >/dev/null | tail -1';
    const [wall = 0, user = 0, system = 0] = execFileSync("bash", ["-c", script, "bash", ...command], {
      encoding: "utf8",
    })
      .trim()
      .split(" ")
      .map(Number);
    return { wall, cpu: user + system };
  });
  return { wall: Math.min(...runs.map(({ wall }) => wall)), cpu: Math.min(...runs.map(({ cpu }) => cpu)) };
}

export function seconds(value: number): string {
  return `${value.toFixed(2)} s`;
}

export function rate(records: number, wall: number): string {
  return `${Math.round(records / wall).toLocaleString("en-US")} records/s`;
}
