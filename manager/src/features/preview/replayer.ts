import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { Replay, ReplayQuestion } from "@elastic-gas/scaling/simulator/replay";
import { HttpError } from "@elastic-gas/shared/web/errors";
import type { ReplayAnswer } from "./replay-worker.ts";

export type AskReplay = (question: ReplayQuestion) => Promise<Replay>;

export interface ReplayerOptions {
  /** What the thread runs. */
  readonly script?: URL;
  /** Longest time for one answer. */
  readonly timeoutMs?: number;
  /** The thread ends when it was asked nothing for that long. */
  readonly idleMs?: number;
}

const SCRIPT = new URL("./replay-worker.ts", import.meta.url);
const KEPT_ANSWERS = 200;
/** A page asks some 25 questions; more than a few pages at once wait for their turn elsewhere. */
const MOST_WAITING = 120;
const MEMORY_MB = 192;

/**
 * Runs the simulator beside the pages, so that a preview holds up none of them. However many people look at previews,
 * there is one thread, with bounded memory and time, that answers one question at a time; it starts with the first
 * question and ends when nobody asks. Answers are kept, for the same question has the same answer.
 */
export class Replayer {
  readonly #options: Required<ReplayerOptions>;
  readonly #answers = new Map<string, Replay>();
  #thread: Worker | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  #idle: NodeJS.Timeout | undefined;
  #started = 0;

  constructor({ script = SCRIPT, timeoutMs = 20_000, idleMs = 60_000 }: ReplayerOptions = {}) {
    this.#options = { script, timeoutMs, idleMs };
  }

  /** How many threads were started so far. */
  get started(): number {
    return this.#started;
  }

  /** Rejects with the signal's reason when it aborts before the question's turn, with a 503 when too many wait. */
  async ask(question: ReplayQuestion, signal: AbortSignal): Promise<Replay> {
    const key = JSON.stringify(question);
    const known = this.#answers.get(key);
    if (known !== undefined) return known;
    if (this.#waiting >= MOST_WAITING) {
      throw new HttpError(503, "Other previews are being made; this one comes in a moment.", { retryAfterSeconds: 2 });
    }
    this.#waiting += 1;
    const mine = this.#turn.then(() => {
      signal.throwIfAborted();
      return this.#answers.get(key) ?? this.#answer(key, question);
    });
    this.#turn = mine.catch(() => {}); // whoever asked hears of it
    try {
      return await mine;
    } finally {
      this.#waiting -= 1;
    }
  }

  /** Ends the thread; a later question starts another. */
  async close(): Promise<void> {
    clearTimeout(this.#idle);
    const thread = this.#thread;
    this.#thread = undefined;
    await thread?.terminate();
  }

  async #answer(key: string, question: ReplayQuestion): Promise<Replay> {
    clearTimeout(this.#idle);
    const thread = this.#thread ?? this.#start();
    this.#thread = thread;
    const answer = await this.#answerOf(thread, question);
    this.#answers.set(key, answer);
    const oldest = this.#answers.keys().next().value;
    if (this.#answers.size > KEPT_ANSWERS && oldest !== undefined) this.#answers.delete(oldest);
    this.#idle = setTimeout(() => void this.close(), this.#options.idleMs).unref();
    return answer;
  }

  async #answerOf(thread: Worker, question: ReplayQuestion): Promise<Replay> {
    const limit = AbortSignal.timeout(this.#options.timeoutMs);
    const over = new AbortController();
    try {
      const ended = once(thread, "exit", { signal: over.signal }).then(() => {
        throw new Error("The simulator ended without an answer.");
      });
      // Rejects with the thread's own error; both are listened to until one of them comes.
      const answered = once(thread, "message", { signal: AbortSignal.any([limit, over.signal]) });
      thread.postMessage(question);
      const [message]: unknown[] = await Promise.race([answered, ended]);
      const answer = message as ReplayAnswer; // our own thread's type
      if (answer.kind === "refused") throw new Error(answer.why);
      return answer.replay;
    } catch (error) {
      await this.close();
      if (!limit.aborted) throw error;
      throw new HttpError(503, "The preview took too long. A smaller maximum makes it quicker.");
    } finally {
      over.abort();
    }
  }

  #start(): Worker {
    this.#started += 1;
    const thread = new Worker(this.#options.script, {
      // Nothing of our own environment: it needs no database, no cloud and no secret.
      env: {},
      resourceLimits: { maxOldGenerationSizeMb: MEMORY_MB },
    });
    // Whoever waits for an answer hears of its errors; nobody waits for the thread itself.
    thread.on("error", () => {});
    thread.unref();
    return thread;
  }
}
