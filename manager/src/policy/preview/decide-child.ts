import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { z } from "zod";

/** What the `decide` command of the autoscaler answers, as far as the preview reads it. */
const Answer = z.object({
  decision: z.object({
    kind: z.enum(["grow", "shrink", "hold"]),
    desired: z.number(),
    reason: z.string(),
    facts: z.object({
      outcome: z.string(),
      forecast: z.array(z.object({ workers: z.number(), percent: z.number() })).optional(),
      forecastLimit: z.number().optional(),
    }),
  }),
});
export type Decided = z.infer<typeof Answer>["decision"];
const Failure = z.object({ error: z.string() });

/** Asks the deciding code. `fresh` forgets what it remembered of the questions before. */
export type AskDecide = (question: {
  readonly policy: unknown;
  readonly observation: unknown;
  readonly now: number;
  readonly fresh: boolean;
}) => Promise<Decided>;

const TIMEOUT_MS = 30_000;

/**
 * Runs the autoscaler's own `decide` command, so that a preview is made by the code that decides, and ends it. The apps never import each other: they talk
 * in JSON lines.
 */
export async function withDecide<Result>(
  script: string,
  signal: AbortSignal,
  work: (ask: AskDecide) => Promise<Result>,
): Promise<Result> {
  // Nothing of our own environment: it needs no database, no cloud and no secret.
  const child = spawn(process.execPath, [script], { env: { NODE_NO_WARNINGS: "1" }, stdio: "pipe" });
  const ended = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]);
  const stop = (): void => void child.kill("SIGKILL");
  ended.addEventListener("abort", stop, { once: true });
  child.stderr.resume();
  try {
    return await work(createAsk(child));
  } catch (error) {
    if (ended.aborted) throw new Error("The preview took too long.", { cause: error });
    throw error;
  } finally {
    ended.removeEventListener("abort", stop);
    stop();
  }
}

function createAsk(child: ChildProcessWithoutNullStreams): AskDecide {
  const waiting: { readonly resolve: (line: string) => void; readonly reject: (error: Error) => void }[] = [];
  createInterface({ input: child.stdout }).on("line", (line) => waiting.shift()?.resolve(line));
  const fail = (): void => {
    for (const each of waiting.splice(0)) each.reject(new Error("The decide command ended without an answer."));
  };
  child.on("error", fail);
  child.on("close", fail);
  // A write after its end is answered by `close`.
  child.stdin.on("error", fail);
  return async ({ fresh, ...question }) => {
    if (child.exitCode !== null) throw new Error("The decide command has ended.");
    const line = await new Promise<string>((resolve, reject) => {
      waiting.push({ resolve, reject });
      child.stdin.write(`${JSON.stringify(fresh ? { ...question, state: null } : question)}\n`);
    });
    const answer: unknown = JSON.parse(line);
    const failure = Failure.safeParse(answer);
    if (failure.success) throw new Error(`The decide command refused: ${failure.data.error}`);
    return Answer.parse(answer).decision;
  };
}
