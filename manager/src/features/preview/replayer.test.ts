import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { waitUntil } from "@elastic-gas/testing/wait-until";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import { REPLAY_SCRIPT } from "./make-preview.ts";
import { Replayer, type ReplayerOptions, type ReplayQuestion } from "./replayer.ts";

const { signal } = new AbortController();
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "replayer-"));
});
afterAll(() => rm(folder, { recursive: true }));

function question(load: number): ReplayQuestion {
  return { policy: { kind: "fixed" }, limits: { min: 1, max: 8 }, start: 2, load: { values: [load, load] } };
}

function start(options: Partial<ReplayerOptions> = {}): Replayer {
  const replayer = new Replayer({ script: REPLAY_SCRIPT, ...options });
  onTestFinished(() => replayer.close());
  return replayer;
}

async function script(text: string): Promise<string> {
  const path = join(folder, `script-${Math.random()}.ts`);
  await writeFile(path, text);
  return path;
}

it("answers many questions at once with one process, each with its own answer", async () => {
  const replayer = start();
  const loads = Array.from({ length: 30 }, (_, index) => index / 10);
  const answers = await Promise.all(loads.map((load) => replayer.ask(question(load), signal)));
  answers.forEach((answer, index) => {
    expect(answer.load[0]).toBeCloseTo(loads[index] ?? Number.NaN);
  });
  expect(replayer.started).toBe(1);
});

it("answers the same question again without a process", async () => {
  const replayer = start();
  const first = await replayer.ask(question(1), signal);
  replayer.close();
  expect(await replayer.ask(question(1), signal)).toBe(first);
  expect(replayer.started).toBe(1);
});

it("ends the process when nobody asks, and starts another when somebody does", async () => {
  const replayer = start({ idleMs: 1 });
  await replayer.ask(question(1), signal);
  let load = 1;
  await waitUntil("a second process", async () => {
    load += 0.01;
    await replayer.ask(question(load), signal);
    return replayer.started > 1;
  });
});

it("gives up an answer that takes too long, and answers the next one from a fresh process", {
  timeout: 120_000,
}, async () => {
  // Silent for the first question of each process that is asked for a load of 7.
  const stuck = await script(`
    import { createInterface } from "node:readline";
    for await (const line of createInterface({ input: process.stdin })) {
      if (line.includes("[7,7]")) continue;
      console.log(JSON.stringify({ load: [1], inService: [1], paid: [1], overload: [0], checks: [] }));
    }`);
  const replayer = start({ script: stuck, timeoutMs: 8_000 });
  await expect(replayer.ask(question(7), signal)).rejects.toThrow("took too long");
  expect((await replayer.ask(question(1), signal)).inService).toEqual([1]);
  expect(replayer.started).toBe(2);
});

it("says that the process died, and outlives it", async () => {
  const replayer = start({ script: await script("process.exit(3);") });
  await expect(replayer.ask(question(1), signal)).rejects.toThrow("ended without an answer");
  await expect(replayer.ask(question(2), signal)).rejects.toThrow("ended without an answer");
  expect(replayer.started).toBe(2);
});

it("fails with the command's own words when it refuses a question", async () => {
  const nonsense = { ...question(1), start: -1 };
  await expect(start().ask(nonsense, signal)).rejects.toThrow(/refused:[\s\S]*start/);
});

it("drops what nobody waits for any more, and refuses when too many wait", async () => {
  const replayer = start();
  const gone = new AbortController();
  const first = replayer.ask(question(1), signal);
  const dropped = replayer.ask(question(2), gone.signal);
  gone.abort(new Error("gone"));
  await expect(dropped).rejects.toThrow("gone");
  const many = Array.from({ length: 150 }, (_, index) => replayer.ask(question(10 + index), gone.signal));
  const settled = await Promise.allSettled(many);
  const refused = settled.filter(
    (each) => each.status === "rejected" && String(each.reason).includes("Other previews"),
  );
  expect(refused.length).toBeGreaterThan(20);
  expect((await first).inService).toEqual([2, 2]);
});

it("keeps no process from ending, and its own goes with it", async () => {
  const asks = await script(`
    const { Replayer } = await import(${JSON.stringify(pathToFileURL(join(import.meta.dirname, "replayer.ts")).href)});
    const replayer = new Replayer({ script: ${JSON.stringify(REPLAY_SCRIPT)}, idleMs: 3_600_000 });
    const question = ${JSON.stringify(question(1))};
    await replayer.ask(question, new AbortController().signal);
    console.log(replayer.pid);`);
  const child = spawn(process.execPath, [asks], { stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  let output = "";
  child.stdout.on("data", (chunk) => {
    output += String(chunk);
  });
  await waitUntil("the process that asked to end", () => child.exitCode !== null);
  const pid = Number(output.trim());
  expect(pid).toBeGreaterThan(1);
  await waitUntil("the replay process to end", () => !existsSync(`/proc/${pid}/exe`));
});
