import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { Socket } from "node:net";
import { createInterface } from "node:readline";
import type { Policy, PoolLimits } from "@elastic-gas/scaling/policy";
import { HttpError } from "@elastic-gas/shared/web/errors";
import { z } from "zod";

/** What the autoscaler's replay command is asked; loads are in workers' worth, 1 = one worker at 100 % CPU. */
export interface ReplayQuestion {
  readonly policy: Policy;
  readonly limits: PoolLimits;
  readonly start: number;
  readonly load:
    | { readonly values: readonly number[] }
    | { readonly shape: string; readonly minutes: number; readonly peak: number };
  readonly warmUpMinutes?: number;
  readonly overloadShare?: number;
  /** What a worker does in a minute at full CPU, and how long an idle one takes to answer: the rule on requests looks at both. */
  readonly answers?: { readonly requestsPerWorker: number; readonly idleResponseMs: number };
  /** In place of a load balancer, a queue. */
  readonly queue?: { readonly jobsPerWorker: number };
}

/** Its answer, all by minute, as far as the preview reads it. */
const Answer = z.object({
  load: z.array(z.number()),
  inService: z.array(z.number()),
  paid: z.array(z.number()),
  overload: z.array(z.number()),
  checks: z.array(z.object({ kind: z.enum(["grow", "shrink", "hold"]), desired: z.number(), outcome: z.string() })),
});
export type Replay = z.infer<typeof Answer>;
const Failure = z.object({ error: z.string() });

export type AskReplay = (question: ReplayQuestion) => Promise<Replay>;

export interface ReplayerOptions {
  readonly script: string;
  /** Longest time for one answer. */
  readonly timeoutMs?: number;
  /** The process ends when it was asked nothing for that long. */
  readonly idleMs?: number;
}

interface Child {
  readonly process: ChildProcessWithoutNullStreams;
  readonly lines: AsyncIterator<string>;
}

const KEPT_ANSWERS = 200;
/** A page asks some 25 questions; more than a few pages at once wait for their turn elsewhere. */
const MOST_WAITING = 120;
const MEMORY_MB = 192;

/**
 * Asks the autoscaler's own replay command, so that a preview is made by the code that decides; the apps never import each other. However many people look at
 * previews, there is one process, with bounded memory and time, that answers one question at a time; it starts with the first question and ends when
 * nobody asks. Answers are kept, for the same question has the same answer.
 */
export class Replayer {
  readonly #options: Required<ReplayerOptions>;
  readonly #answers = new Map<string, Replay>();
  #child: Child | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  #idle: NodeJS.Timeout | undefined;
  #started = 0;

  constructor({ script, timeoutMs = 20_000, idleMs = 60_000 }: ReplayerOptions) {
    this.#options = { script, timeoutMs, idleMs };
  }

  /** How many processes were started so far. */
  get started(): number {
    return this.#started;
  }

  /** Of the present process, if there is one. */
  get pid(): number | undefined {
    return this.#child?.process.pid;
  }

  /** Rejects with the signal's reason when it aborts before the question's turn, with a 503 when too many wait. */
  async ask(question: ReplayQuestion, signal: AbortSignal): Promise<Replay> {
    const line = JSON.stringify(question);
    const known = this.#answers.get(line);
    if (known !== undefined) return known;
    if (this.#waiting >= MOST_WAITING) {
      throw new HttpError(503, "Other previews are being made; this one comes in a moment.", { retryAfterSeconds: 2 });
    }
    this.#waiting += 1;
    const mine = this.#turn.then(() => {
      signal.throwIfAborted();
      return this.#answers.get(line) ?? this.#answer(line);
    });
    this.#turn = mine.catch(() => {}); // whoever asked hears of it
    try {
      return await mine;
    } finally {
      this.#waiting -= 1;
    }
  }

  /** Ends the process; a later question starts another. */
  close(): void {
    clearTimeout(this.#idle);
    this.#child?.process.kill("SIGKILL");
    this.#child = undefined;
  }

  async #answer(line: string): Promise<Replay> {
    clearTimeout(this.#idle);
    const child = this.#child ?? this.#start();
    this.#child = child;
    child.process.stdin.write(`${line}\n`);
    const answer = parse(await this.#nextLine(child));
    this.#answers.set(line, answer);
    const oldest = this.#answers.keys().next().value;
    if (this.#answers.size > KEPT_ANSWERS && oldest !== undefined) this.#answers.delete(oldest);
    this.#idle = setTimeout(() => this.close(), this.#options.idleMs).unref();
    return answer;
  }

  async #nextLine({ lines }: Child): Promise<string> {
    const { promise: timeout, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(
      () => reject(new HttpError(503, "The preview took too long. A smaller maximum makes it quicker.")),
      this.#options.timeoutMs,
    );
    try {
      const next = await Promise.race([lines.next(), timeout]);
      if (next.done === true) throw new Error("The replay command ended without an answer.");
      return next.value;
    } catch (error) {
      this.close();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  #start(): Child {
    this.#started += 1;
    // Nothing of our own environment: it needs no database, no cloud and no secret. It ends by itself when our end of its input closes.
    const child = spawn(process.execPath, [`--max-old-space-size=${MEMORY_MB}`, this.#options.script], {
      env: { NODE_NO_WARNINGS: "1" },
      stdio: "pipe",
    });
    // Both show as an ended output.
    child.on("error", () => {});
    child.stdin.on("error", () => {});
    child.stderr.resume();
    // Whoever stops the manager does not wait for it.
    child.unref();
    for (const pipe of [child.stdin, child.stdout, child.stderr]) if (pipe instanceof Socket) pipe.unref();
    return { process: child, lines: createInterface({ input: child.stdout })[Symbol.asyncIterator]() };
  }
}

function parse(line: string): Replay {
  const answer: unknown = JSON.parse(line);
  const failure = Failure.safeParse(answer);
  if (failure.success) throw new Error(`The replay command refused: ${failure.data.error}`);
  return Answer.parse(answer);
}
