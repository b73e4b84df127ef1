import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { sendSignal } from "../processes/proc.ts";
import { type CgroupTree, listCgroupTrees } from "./cgroup-mounts.ts";
import type { QuotaEnforcer, QuotaSession } from "./enforcer.ts";

/** Short enough that a throttled request waits little, long enough for the scheduler's slices of 5 ms. */
const PERIOD_MICROSECONDS = 50_000;

/** The kernel's own weight of a group, by version; an instance has this share of it. */
const USUAL_WEIGHT = 100;
const USUAL_SHARES = 1024;
const INSTANCE_SHARE = 0.25;

/** The kernel refuses less. */
const SMALLEST_QUOTA_MICROSECONDS = 1000;

/** Finds a tree in which groups can be made, limited, entered and removed; undefined: none on this machine. */
export function findCgroupTree(owner: string): CgroupTree | undefined {
  try {
    const trees = listCgroupTrees(
      readFileSync("/proc/self/mountinfo", "utf8"),
      readFileSync("/proc/self/cgroup", "utf8"),
    );
    return trees.find((tree) => isUsable(tree, `local-cloud-${owner}-probe-${process.pid}`));
  } catch {
    return undefined;
  }
}

/** One group per instance, named after the owner (two checkouts never meet), limited by the kernel. */
export class CgroupEnforcer implements QuotaEnforcer {
  readonly kind: "cgroup-v1" | "cgroup-v2";
  readonly #tree: CgroupTree;
  readonly #prefix: string;
  readonly #sessions = new Map<string, QuotaSession>();
  /** Microseconds per period that are in force; null: no limit. */
  readonly #limits = new Map<string, number | null>();

  constructor(tree: CgroupTree, owner: string) {
    this.#tree = tree;
    this.#prefix = `local-cloud-${owner}-`;
    this.kind = tree.version === 2 ? "cgroup-v2" : "cgroup-v1";
  }

  prepare(instanceId: string): readonly string[] {
    const folders = foldersOf(this.#tree, this.#prefix + instanceId);
    for (const folder of folders) mkdirSync(folder, { recursive: true });
    writeWeight(this.#tree, this.#prefix + instanceId);
    this.#limit(instanceId, null);
    return folders.map((folder) => join(folder, "cgroup.procs"));
  }

  adopt(instanceId: string, pids: readonly number[]): void {
    for (const file of this.prepare(instanceId)) {
      for (const pid of pids) enterGroup(file, pid);
    }
  }

  apply(sessions: readonly QuotaSession[]): void {
    this.#sessions.clear();
    for (const session of sessions) this.#sessions.set(session.instanceId, session);
    this.refresh(Date.now());
  }

  refresh(nowMilliseconds: number): void {
    for (const session of this.#sessions.values()) {
      const used = this.readUsedSeconds(session.instanceId);
      if (used === undefined) continue; // its group is gone with its last process
      const hasCredit = nowMilliseconds < session.creditEndsAt && used < session.creditCpuSeconds;
      const quota = Math.max(SMALLEST_QUOTA_MICROSECONDS, Math.round(session.vcpus * PERIOD_MICROSECONDS));
      this.#limit(session.instanceId, hasCredit ? null : quota);
    }
  }

  readUsedSeconds(instanceId: string): number | undefined {
    try {
      return readUsage(this.#tree, this.#prefix + instanceId);
    } catch {
      return undefined;
    }
  }

  release(instanceId: string): void {
    this.#sessions.delete(instanceId);
    this.#limits.delete(instanceId);
    for (const folder of foldersOf(this.#tree, this.#prefix + instanceId)) removeGroup(folder);
  }

  /** Groups of instances that nobody knows: ends what is in them and removes them. */
  sweep(known: ReadonlySet<string>): void {
    const names = foldersOf(this.#tree, "").flatMap((parent) => readdirSync(parent));
    for (const name of new Set(names)) {
      const instanceId = name.slice(this.#prefix.length);
      if (!name.startsWith(this.#prefix) || known.has(instanceId) || instanceId.startsWith("probe-")) continue;
      for (const folder of foldersOf(this.#tree, name)) {
        for (const pid of listMembers(folder)) sendSignal(pid, "SIGKILL");
        removeGroup(folder);
      }
    }
  }

  async close(keep: boolean): Promise<void> {
    if (keep) return;
    // The last processes may still be on their way out, and a group with a process in it cannot be removed.
    for (let attempt = 0; attempt < 20 && this.#leftovers().length > 0; attempt++) {
      for (const folder of this.#leftovers()) removeGroup(folder);
      await delay(25);
    }
  }

  #leftovers(): string[] {
    return foldersOf(this.#tree, "").flatMap((parent) =>
      readdirSync(parent)
        .filter((name) => name.startsWith(`${this.#prefix}i-`))
        .map((name) => join(parent, name)),
    );
  }

  #limit(instanceId: string, quota: number | null): void {
    if (this.#limits.get(instanceId) === quota) return;
    writeLimit(this.#tree, this.#prefix + instanceId, quota);
    this.#limits.set(instanceId, quota);
  }
}

function foldersOf(tree: CgroupTree, name: string): string[] {
  if (tree.version === 2) return [join(tree.parent, name)];
  const parents = new Set([tree.cpuParent, ...(tree.accountParent === undefined ? [] : [tree.accountParent])]);
  return [...parents].map((parent) => join(parent, name));
}

/**
 * Whenever both want the CPU, the cloud goes before its instances. Where the weight cannot be set, the quota alone has
 * to do.
 */
function writeWeight(tree: CgroupTree, name: string): void {
  const [file, weight] =
    tree.version === 2
      ? [join(tree.parent, name, "cpu.weight"), Math.round(USUAL_WEIGHT * INSTANCE_SHARE)]
      : [join(tree.cpuParent, name, "cpu.shares"), Math.round(USUAL_SHARES * INSTANCE_SHARE)];
  try {
    writeFileSync(file, String(weight));
  } catch {
    // A tree that was made without it.
  }
}

function writeLimit(tree: CgroupTree, name: string, quota: number | null): void {
  if (tree.version === 2) {
    writeFileSync(join(tree.parent, name, "cpu.max"), `${quota ?? "max"} ${PERIOD_MICROSECONDS}`);
    return;
  }
  writeFileSync(join(tree.cpuParent, name, "cpu.cfs_period_us"), `${PERIOD_MICROSECONDS}`);
  writeFileSync(join(tree.cpuParent, name, "cpu.cfs_quota_us"), `${quota ?? -1}`);
}

function readUsage(tree: CgroupTree, name: string): number | undefined {
  if (tree.version === 2) {
    const match = /^usage_usec (\d+)$/m.exec(readFileSync(join(tree.parent, name, "cpu.stat"), "utf8"));
    return match ? Number(match[1]) / 1e6 : undefined;
  }
  if (tree.accountParent === undefined) return undefined;
  return Number(readFileSync(join(tree.accountParent, name, "cpuacct.usage"), "utf8")) / 1e9;
}

function listMembers(folder: string): number[] {
  try {
    return readFileSync(join(folder, "cgroup.procs"), "utf8").split("\n").filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

function enterGroup(file: string, pid: number): void {
  try {
    writeFileSync(file, String(pid));
  } catch {
    // It ended meanwhile.
  }
}

function removeGroup(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // Gone already, or a last process is still leaving: the next sweep removes it.
  }
}

/**
 * Makes, limits, enters and removes a group: permissions alone do not tell (delegation, read-only mounts, absent
 * controllers).
 */
function isUsable(tree: CgroupTree, name: string): boolean {
  if (tree.version === 1 && tree.accountParent === undefined) return false;
  const folders = foldersOf(tree, name);
  try {
    for (const folder of folders) mkdirSync(folder);
    writeLimit(tree, name, PERIOD_MICROSECONDS / 2);
    const enter = spawnSync("/bin/sh", [
      "-c",
      'for file in "$@"; do echo $$ > "$file" || exit 1; done',
      "sh",
      ...folders.map((folder) => join(folder, "cgroup.procs")),
    ]);
    return enter.status === 0 && readUsage(tree, name) !== undefined;
  } catch {
    return false;
  } finally {
    for (const folder of folders) removeGroup(folder);
  }
}
