import { readdirSync, readFileSync } from "node:fs";

export interface ProcessMemory {
  readonly pid: number;
  readonly name: string;
  /** Proportional set size: pages that processes share count once over all of them. */
  readonly bytes: number;
}

/**
 * A process and all below it, each with its memory (Linux;
 * https://man7.org/linux/man-pages/man5/proc_pid_smaps.5.html).
 */
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

function nameOf(pid: number): string {
  const name = processName(read(pid, "cmdline").split("\0"));
  return read(pid, "environ").includes("/instances/") ? `${name} (worker)` : name;
}

/** `manager`, `annotator engine`, `mariadbd`: a process of ours by its main file, any other by its program. */
export function processName(command: readonly string[]): string {
  for (const word of command) {
    const [, part, file] =
      /(?:dist\/([\w-]+)|([\w-]+)\/src)\/([\w/-]+)\.[jt]s$/.exec(word)?.filter((each) => each !== undefined) ?? [];
    if (part !== undefined && file !== undefined) return `${part} ${file.replace(/[/-]?main$/, "")}`.trim();
  }
  return command[0]?.split("/").at(-1) ?? "";
}

function read(pid: number, file: "status" | "smaps_rollup" | "cmdline" | "environ"): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch {
    return ""; // ended while we looked
  }
}
