import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { listPids, readStat, sendSignal } from "@elastic-gas/local-cloud/ec2/processes/proc";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { waitUntil } from "../wait-until.ts";

const ROOT = join(import.meta.dirname, "../../..");
const CONFIG = join(import.meta.dirname, "interrupted/vitest.config.ts");

/** Where the runs of a test make their folders. */
let parent = "";

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), "runs-"));
  onTestFinished(() => {
    for (const { pid } of processesIn(parent)) sendSignal(pid, "SIGKILL");
    rmSync(parent, { recursive: true, force: true, maxRetries: 3 });
  });
});

describe("the temporary folder of a test run", () => {
  it("goes at the end of the run, with what a test left in it", async () => {
    const run = startRun("leaves");
    expect(await ended(run)).toEqual([0, null]);
    expect(readdirSync(parent)).toEqual([]);
    expect(processesIn(parent)).toEqual([]);
  });

  it.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 129],
  ] as const)("goes at %s, with the instances that run", async (signal, code) => {
    const run = startRun("waits");
    await instanceOf(run);
    run.kill(signal);
    expect(await ended(run)).toEqual([code, null]);
    expect(readdirSync(parent)).toEqual([]);
    expect(processesIn(parent)).toEqual([]);
  });

  it("of a run that was killed goes when the next one starts, and that of a run beside it stays", async () => {
    const [killed, beside] = [startRun("waits"), startRun("waits")];
    const [left, kept] = await Promise.all([instanceOf(killed), instanceOf(beside)]);
    killed.kill("SIGKILL");
    await ended(killed);
    expect(processesIn(parent)).toEqual(expect.arrayContaining([left, kept]));
    // Of a run that had the id which this process has now.
    mkdirSync(join(parent, `gas-tests-${process.pid}-1`));

    expect(await ended(startRun("leaves"))).toEqual([0, null]);
    expect(processesIn(parent)).not.toContainEqual(left);
    expect(processesIn(parent)).toContainEqual(kept);
    expect(readdirSync(parent)).toEqual([folderOf(beside)]);

    beside.kill("SIGINT");
    await ended(beside);
    expect(readdirSync(parent)).toEqual([]);
    expect(processesIn(parent)).toEqual([]);
  });
});

function startRun(file: "leaves" | "waits"): ChildProcess {
  const vitest = join(ROOT, "node_modules/vitest/dist/cli.js");
  return spawn(process.execPath, [vitest, "run", "--config", CONFIG, `${file}.fixture.ts`], {
    cwd: ROOT,
    // It is its own run: nothing of the one that runs this test.
    env: { PATH: process.env.PATH, TMPDIR: parent },
    stdio: "ignore",
  });
}

async function ended(run: ChildProcess): Promise<readonly [number | null, NodeJS.Signals | null]> {
  if (run.exitCode === null && run.signalCode === null) await once(run, "exit");
  return [run.exitCode, run.signalCode];
}

function folderOf({ pid = 0 }: ChildProcess): string {
  return `gas-tests-${pid}-${readStat(pid)?.startTicks}`;
}

/** The program of the instance that the run has started. */
function instanceOf(run: ChildProcess): Promise<Found> {
  return waitUntil("the run has an instance", () => {
    if (run.exitCode !== null) throw new Error(`The run ended with exit code ${run.exitCode}.`);
    const folder = join(parent, folderOf(run));
    return processesIn(folder).find(({ command }) => command === "sleep 1000");
  });
}

interface Found {
  readonly pid: number;
  readonly command: string;
}

/** Those whose current folder lies in it. */
function processesIn(folder: string): readonly Found[] {
  return listPids().flatMap((pid) => {
    try {
      if (!`${readlinkSync(`/proc/${pid}/cwd`)}/`.startsWith(`${folder}/`)) return [];
      return [{ pid, command: readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").join(" ").trim() }];
    } catch {
      return []; // it has ended
    }
  });
}
