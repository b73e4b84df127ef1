import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const POOL = { policy: { kind: "cpu" }, limits: { min: 1, max: 8 }, start: 1 };

interface Answer {
  readonly load: readonly number[];
  readonly inService: readonly number[];
  readonly paid: readonly number[];
  readonly overload: readonly number[];
  readonly checks: readonly { readonly kind: string; readonly desired: number; readonly outcome: string }[];
  readonly error?: string;
}

async function ask(...questions: readonly object[]): Promise<readonly Answer[]> {
  const child = spawn(process.execPath, [fileURLToPath(new URL("replay-command.ts", import.meta.url))], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  child.stdin.end(questions.map((question) => `${JSON.stringify(question)}\n`).join(""));
  let output = "";
  for await (const chunk of child.stdout) output += String(chunk);
  return output
    .trim()
    .split("\n")
    .map((line): Answer => JSON.parse(line)); // the command's own output
}

describe("the replay command", () => {
  it("answers each question with what the production rule did, minute by minute", async () => {
    const values = [...new Array<number>(20).fill(0.4), ...new Array<number>(30).fill(2)];
    const [answer] = await ask({ ...POOL, load: { values } });
    expect(answer?.load.slice(18, 22)).toEqual([0.4, 0.4, 2, 2].map((load) => expect.closeTo(load)));
    expect(answer?.inService.slice(0, 20)).toEqual(new Array<number>(20).fill(1));
    expect(answer?.inService.at(-1)).toBe(3);
    expect(answer?.checks.filter((check) => check.kind === "grow").map((check) => check.desired)).toEqual([2, 3]);
    expect(answer?.overload.slice(19, 21)).toEqual([0, 1]);
  });

  it("pays for workers from their launch to the end of their draining", async () => {
    const values = [...new Array<number>(15).fill(0.1), ...new Array<number>(15).fill(1.2)];
    const [answer] = await ask({ ...POOL, load: { values } });
    const grewAt = answer?.checks.findIndex((check) => check.kind === "grow") ?? -1;
    // Decided at the end of that minute; 90 s of boot are paid for and serve nothing.
    expect(answer?.paid.slice(grewAt, grewAt + 3)).toEqual([1, 2, 2].map((paid) => expect.closeTo(paid)));
    expect(answer?.inService.slice(grewAt, grewAt + 3)).toEqual([1, 1, 2]);
  });

  it("leaves the warm-up out, in which the first checks wait for data", async () => {
    const values = new Array<number>(10).fill(0.5);
    const [cold, warm] = await ask({ ...POOL, load: { values } }, { ...POOL, load: { values }, warmUpMinutes: 10 });
    expect(cold?.checks[0]?.outcome).not.toBe("no change");
    expect(warm?.checks).toHaveLength(10);
    expect(new Set(warm?.checks.map((check) => check.outcome))).toEqual(new Set(["no change"]));
  });

  it("plays the simulator's own shapes, from a sixteenth of the peak to the peak", async () => {
    const [answer] = await ask({ ...POOL, load: { shape: "step", minutes: 40, peak: 4 } });
    expect([answer?.load[0], answer?.load.at(-1)]).toEqual([expect.closeTo(0.25), expect.closeTo(4)]);
  });

  it("shows the rule on requests what a balancer would: it grows by successes and shrinks by quick answers", async () => {
    const policy = { kind: "requests", growHoldSeconds: 60 };
    const values = [
      ...new Array<number>(20).fill(0.1),
      ...new Array<number>(20).fill(0.8),
      ...new Array<number>(40).fill(0.1),
    ];
    const question = { ...POOL, policy, load: { values } };
    // 0.1 and 0.8 of a worker are 60 and 480 requests a minute; the rule's figures are 200 and 10 ms.
    const [quick, slow] = await ask(
      { ...question, answers: { requestsPerWorker: 600, idleResponseMs: 2 } },
      { ...question, answers: { requestsPerWorker: 600, idleResponseMs: 20 } },
    );
    const sizes = quick?.inService ?? [];
    expect([sizes[19], sizes.at(-1)]).toEqual([1, 1]);
    expect(Math.max(...sizes)).toBeGreaterThan(3);
    // A worker that takes 20 ms when idle is never below 10 ms.
    expect(slow?.checks.some((check) => check.kind === "shrink")).toBe(false);
  });

  it("lets jobs wait for the rule on a queue, which works the backlog off and then gives workers back", async () => {
    const values = [
      ...new Array<number>(30).fill(0.2),
      ...new Array<number>(15).fill(5),
      ...new Array<number>(75).fill(0.2),
    ];
    const question = {
      ...POOL,
      policy: { kind: "queue-thresholds" },
      limits: { min: 2, max: 10 },
      start: 2,
      load: { values },
    };
    const [answer] = await ask({ ...question, queue: { jobsPerWorker: 2 } });
    const sizes = answer?.inService ?? [];
    expect(Math.max(...sizes)).toBeGreaterThan(5);
    expect(sizes.at(-1)).toBeLessThan(Math.max(...sizes));
    const waits = answer?.overload.map((share) => share > 0) ?? [];
    // Nothing waits before the rush; after it the backlog is there for a while, and then it is not.
    expect([waits[29], waits[40], waits.at(-1)]).toEqual([false, true, false]);
  });

  it("refuses one question and goes on with the next", async () => {
    const answers = await ask(
      { ...POOL, load: { values: [] } },
      { ...POOL, policy: { kind: "no such" }, load: { values: [1] } },
      { ...POOL, load: { values: [1] } },
    );
    expect(answers.map((answer) => answer.error !== undefined)).toEqual([true, true, false]);
  });
});
