import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { availableParallelism, cpus, release, type as systemType, totalmem } from "node:os";
import type { Figure } from "./proof.ts";

/** What a measurement depends on beside the program's own settings. */
export function describeMachine(root: string): readonly Figure[] {
  const processor = cpus()[0]?.model.trim() || "unknown processor";
  return [
    { label: "machine", value: `${availableParallelism()} cores, ${processor}` },
    { label: "memory", value: `${Math.round(totalmem() / 1024 ** 3)} GiB` },
    { label: "system", value: `${distribution()}, ${systemType()} ${release()}` },
    { label: "Node.js", value: process.version },
    { label: "commit", value: commitOf(root) },
  ];
}

function distribution(): string {
  try {
    return /^PRETTY_NAME="(.*)"$/m.exec(readFileSync("/etc/os-release", "utf8"))?.[1] ?? "Linux";
  } catch {
    return "Linux"; // the file is a convention, not a promise
  }
}

function commitOf(root: string): string {
  try {
    return execFileSync("git", ["rev-parse", "--short", "HEAD"], {
      cwd: root,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }).trim();
  } catch {
    return "not a git checkout";
  }
}
