import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { waitUntil } from "@elastic-gas/testing/wait-until";
import { expect, test } from "vitest";
import { coreTimes, idleShare, startEndlessLoops } from "./endless-loops.ts";

test("loops take CPU time until they are disposed of", async () => {
  let pids: readonly number[];
  {
    await using loops = startEndlessLoops(1);
    expect(loops.count).toBe(loops.cores);
    await waitUntil("CPU time", () => loops.cpuMilliseconds() > 50, { deadlineMs: 60_000 });
    pids = loops.pids;
    expect(pids.every(isRunning)).toBe(true);
  }
  expect(pids.some(isRunning)).toBe(false);
});

test("the idle share is of the time between two readings of all cores", () => {
  expect(idleShare({ idle: 100, all: 1_000 }, { idle: 150, all: 3_000 })).toBe(0.025);
  const { idle, all } = coreTimes();
  expect(idle).toBeGreaterThan(0);
  expect(all).toBeGreaterThan(idle);
});

test("loops end when their parent is killed", async () => {
  const file = join(import.meta.dirname, "endless-loops.ts");
  const script = `const { startEndlessLoops } = await import(${JSON.stringify(file)}); console.log(JSON.stringify(startEndlessLoops(1).pids));`;
  const parent = spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  parent.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  await waitUntil("the loops' ids", () => output.endsWith("\n"), { deadlineMs: 60_000 });
  const pids: readonly number[] = JSON.parse(output);
  expect(pids.length).toBeGreaterThan(0);
  parent.kill("SIGKILL");
  await waitUntil("the loops to end", () => !pids.some(isRunning), { deadlineMs: 60_000 });
});

/** A process that has ended may still be there as a zombie. */
function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}
