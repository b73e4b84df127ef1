import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";

/** A process by pid and start time: a pid alone may belong to somebody else by now. */
const ProcessRecord = z.object({ pid: z.number().int().positive(), startTicks: z.string() });
export type ProcessRecord = z.infer<typeof ProcessRecord>;
const Records = z.record(z.string(), ProcessRecord);

/** The record of a living process; undefined when it is gone (a zombie is gone). */
function describeProcess(pid: number): ProcessRecord | undefined {
  try {
    // The name in brackets may hold spaces and brackets, so fields count from the last one: state is 3, starttime 22
    // (proc(5)).
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
      .replace(/^.*\) /s, "")
      .split(" ");
    const startTicks = fields[19];
    return fields[0] === "Z" || startTicks === undefined ? undefined : { pid, startTicks };
  } catch {
    return undefined; // no such process
  }
}

export function isAlive(record: ProcessRecord): boolean {
  return describeProcess(record.pid)?.startTicks === record.startTicks;
}

/** A small file of named processes, written whole and renamed into place. */
export interface ProcessFile {
  read(): Readonly<Record<string, ProcessRecord>>;
  set(name: string, pid: number | undefined): void;
  remove(): void;
}

export function processFile(path: string): ProcessFile {
  const read = (): Record<string, ProcessRecord> => {
    try {
      return Records.parse(JSON.parse(readFileSync(path, "utf8")));
    } catch {
      return {}; // absent or from another version: nothing of it can be trusted
    }
  };
  return {
    read,
    set(name, pid) {
      const records = read();
      const record = pid === undefined ? undefined : describeProcess(pid);
      if (record === undefined) delete records[name];
      else records[name] = record;
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
      writeFileSync(`${path}.new`, JSON.stringify(records));
      renameSync(`${path}.new`, path);
    },
    remove: () => rmSync(path, { force: true }),
  };
}

/**
 * Sends a signal to a recorded process if it still is the same one, and waits until it is gone; SIGKILL after the
 * deadline.
 */
export async function endProcess(record: ProcessRecord, signal: NodeJS.Signals, deadlineMs: number): Promise<void> {
  const end = Date.now() + deadlineMs;
  if (!isAlive(record)) return;
  process.kill(record.pid, signal);
  while (isAlive(record)) {
    if (Date.now() > end) {
      process.kill(record.pid, "SIGKILL");
      await sleep(100);
      return;
    }
    await sleep(50);
  }
}
