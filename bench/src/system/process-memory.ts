import { readdirSync, readFileSync } from "node:fs";

export interface ProcessMemory {
  readonly pid: number;
  readonly name: string;
  /** Proportional set size: pages that processes share count once over all of them. */
  readonly bytes: number;
}

/** A process and all below it, each with its memory (Linux; https://man7.org/linux/man-pages/man5/proc_pid_smaps.5.html). */
export function memoryOfTree(root: number): readonly ProcessMemory[] {
  const children = new Map<number, number[]>();
  for (const pid of readdirSync("/proc").map(Number).filter(Number.isInteger)) {
    const parent = Number(/^PPid:\s+(\d+)$/m.exec(read(pid, "status"))?.[1]);
    children.set(parent, [...(children.get(parent) ?? []), pid]);
  }
  const below = (pid: number): readonly number[] => [pid, ...(children.get(pid) ?? []).flatMap(below)];
  return below(root).flatMap((pid) => {
    const kilobytes = /^Pss:\s+(\d+) kB$/m.exec(read(pid, "smaps_rollup"))?.[1];
    return kilobytes === undefined ? [] : [{ pid, name: nameOf(pid), bytes: Number(kilobytes) * 1_024 }];
  });
}

/** `manager`, `web worker`, `mariadbd` ...: a part by its main file, a worker by its role, any other by its program. */
function nameOf(pid: number): string {
  const words = read(pid, "cmdline").split("\0");
  const main = words.find((word) => word.endsWith("/main.ts"));
  const part = main === undefined ? undefined : /([\w-]+)\/src\/main\.ts$/.exec(main)?.[1];
  if (part !== undefined) return read(pid, "environ").includes("/instances/") ? `${part} (worker)` : part;
  return words[0]?.split("/").at(-1) ?? "";
}

function read(pid: number, file: "status" | "smaps_rollup" | "cmdline" | "environ"): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch {
    return ""; // ended while we looked
  }
}
