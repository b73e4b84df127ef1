import type { ReplayQuestion } from "@elastic-gas/scaling/simulator/replay";
import { waitUntil } from "@elastic-gas/testing/wait-until";
import { expect, it, onTestFinished } from "vitest";
import { Replayer, type ReplayerOptions } from "./replayer.ts";

const { signal } = new AbortController();

function question(load: number): ReplayQuestion {
  return { policy: { kind: "fixed" }, limits: { min: 1, max: 8 }, start: 2, load: { values: [load, load] } };
}

function start(options: ReplayerOptions = {}): Replayer {
  const replayer = new Replayer({ timeoutMs: 120_000, ...options });
  onTestFinished(() => replayer.close());
  return replayer;
}

/** A thread that runs this text. */
function script(text: string): URL {
  return new URL(`data:text/javascript,${encodeURIComponent(text)}`);
}

it("answers many questions at once with one thread, each with its own answer", async () => {
  const replayer = start();
  const loads = Array.from({ length: 30 }, (_, index) => index / 10);
  const answers = await Promise.all(loads.map((load) => replayer.ask(question(load), signal)));
  answers.forEach((answer, index) => {
    expect(answer.load[0]).toBeCloseTo(loads[index] ?? Number.NaN);
  });
  expect(replayer.started).toBe(1);
});

it("answers the same question again without a thread", async () => {
  const replayer = start();
  const first = await replayer.ask(question(1), signal);
  await replayer.close();
  expect(await replayer.ask(question(1), signal)).toBe(first);
  expect(replayer.started).toBe(1);
});

it("ends the thread when nobody asks, and starts another when somebody does", async () => {
  const replayer = start({ idleMs: 1 });
  await replayer.ask(question(1), signal);
  let load = 1;
  await waitUntil("a second thread", async () => {
    load += 0.01;
    await replayer.ask(question(load), signal);
    return replayer.started > 1;
  });
});

it("gives up an answer that takes too long, and answers the next one from a fresh thread", async () => {
  // Silent when it is asked for a load of 7.
  const stuck = script(`
    import { parentPort } from "node:worker_threads";
    parentPort.on("message", ({ load }) => {
      if (load.values[0] !== 7) parentPort.postMessage({ kind: "replay", replay: { inService: [1] } });
    });`);
  const replayer = start({ script: stuck, timeoutMs: 8_000 });
  await expect(replayer.ask(question(7), signal)).rejects.toThrow("took too long");
  expect((await replayer.ask(question(1), signal)).inService).toEqual([1]);
  expect(replayer.started).toBe(2);
});

it("says that the thread ended, and outlives it", async () => {
  const replayer = start({ script: script("process.exit(3);") });
  await expect(replayer.ask(question(1), signal)).rejects.toThrow("ended without an answer");
  await expect(replayer.ask(question(2), signal)).rejects.toThrow("ended without an answer");
  expect(replayer.started).toBe(2);
});

it("fails with the simulator's own words when it refuses a question, and answers the next", async () => {
  const replayer = start();
  await expect(replayer.ask({ ...question(1), start: -1 }, signal)).rejects.toThrow(/start/);
  expect((await replayer.ask(question(1), signal)).inService).toEqual([2, 2]);
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
