import { lstatSync, mkdirSync, readdirSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { isEnded, listPids, readStat, readVariable, sendSignal } from "@elastic-gas/local-cloud/ec2/processes/proc";

/** A kept folder stays; its processes end like others. The owner by pid and start time: a pid alone is given again. */
const NAME = /^gas-(?:tests|kept)-(\d+)-(\d+)$/;
/** A process that was killed while it writes to a slow disk takes a while to go. */
const GONE_DEADLINE_MS = 10_000;

/**
 * Gives this process, a run of tests, a temporary folder of its own, which all that it starts inherits as TMPDIR. When
 * the process exits, also by SIGINT or SIGTERM, the folder goes, and with it what still runs in it: an EC2 instance of
 * local-cloud outlives whoever started it. What a killed run could not end so, the next one does here. Repeatable.
 *
 * KEEP_DATA=1 keeps the folder.
 */
export function startRunFolder(): void {
  const parent = tmpdir();
  const own = readStat(process.pid);
  if (own === undefined) throw new Error("/proc has no record of this process: tests need Linux.");
  const owner = `${own.pid}-${own.startTicks}`;
  if (NAME.test(basename(parent)) && parent.endsWith(`-${owner}`)) return;
  endDeadRuns(parent);
  const isKept = process.env.KEEP_DATA === "1";
  // Short: the path of a unix socket has 107 bytes at most.
  const folder = join(parent, `gas-${isKept ? "kept" : "tests"}-${owner}`);
  mkdirSync(folder, { mode: 0o700 });
  process.env.TMPDIR = folder;
  process.once("exit", () => endRun(folder, isKept));
  // A closed terminal would end the process without its exit handlers.
  process.once("SIGHUP", () => process.exit(129));
}

/** Ends what is left of runs whose process is gone; the runs of others that live are left alone. */
function endDeadRuns(parent: string): void {
  for (const name of readdirSync(parent)) {
    const [, pid, startTicks] = NAME.exec(name) ?? [];
    if (pid === undefined) continue;
    const owner = readStat(Number(pid));
    if (owner !== undefined && !isEnded(owner) && String(owner.startTicks) === startTicks) continue;
    const folder = join(parent, name);
    if (isOurs(folder)) endRun(folder, name.startsWith("gas-kept-"));
  }
}

function endRun(folder: string, isKept: boolean): void {
  try {
    endProcesses(folder);
    if (!isKept) rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  } catch (error) {
    console.error(`The folder ${folder} of a test run stays:`, error);
  }
}

/** Again until none is found: one that was seen may have started another before it ended. */
function endProcesses(folder: string): void {
  const deadline = Date.now() + GONE_DEADLINE_MS;
  for (;;) {
    const pids = listPids().filter((pid) => pid !== process.pid && livesIn(pid, folder));
    if (pids.length === 0) return;
    if (Date.now() > deadline) throw new Error(`Killed, and still there: ${pids.join(", ")}`);
    for (const pid of pids) sendSignal(pid, "SIGKILL");
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
  }
}

/** By its current folder, or by what it was told to use: a program may run in the checkout. */
function livesIn(pid: number, folder: string): boolean {
  const places = [readFolder(pid), readVariable(pid, "TMPDIR"), readVariable(pid, "DATA_DIR")];
  return places.some((place) => place === folder || place?.startsWith(`${folder}/`));
}

/** Undefined when the process is gone or another user's. */
function readFolder(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return undefined;
  }
}

function isOurs(folder: string): boolean {
  const entry = lstatSync(folder, { throwIfNoEntry: false });
  return entry?.isDirectory() === true && entry.uid === process.getuid?.();
}
