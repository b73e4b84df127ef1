import { Worker } from "node:worker_threads";
import type { PasswordVerifier } from "@elastic-gas/shared/accounts/passwords";
import { audit } from "@elastic-gas/shared/audit";
import type { LoadTestChoice, LoadTestSnapshot } from "../../model/load-test/load-test-snapshot.ts";
import type { FeatureDeps, Outcome } from "../feature-deps.ts";
import type { Requester } from "../requester.ts";
import { openLoadAccount } from "./load-account.ts";
import { BUCKET_SECONDS, LoadRecord } from "./load-record.ts";
import type { LoadNews, LoadOrder } from "./load-worker.ts";

interface Test {
  readonly choice: LoadTestChoice;
  readonly by: string;
  readonly target: string;
  readonly startedAt: number;
  readonly record: LoadRecord;
  readonly thread: Worker;
  endedAt: number | null;
  end: string;
}

const SCRIPT = new URL("./load-worker.ts", import.meta.url);
const MEMORY_MB = 256;
/** Answers may take a minute longer than the sending; whatever still hangs then is given up. */
const GRACE_MS = 90_000;

/**
 * The one load test of this manager: photos to the installation's own load balancer, bounded in rate and time, in a
 * thread that ends with the process. What it measured is kept until the next one, in memory only.
 */
export class LoadTest {
  readonly #deps: FeatureDeps & { readonly passwords: PasswordVerifier };
  #test: Test | undefined;
  #starting = false;

  constructor(deps: FeatureDeps & { readonly passwords: PasswordVerifier }) {
    this.#deps = deps;
  }

  get running(): boolean {
    return this.#test !== undefined && this.#test.endedAt === null;
  }

  snapshot(): LoadTestSnapshot | null {
    if (this.#test === undefined) return null;
    const { choice, by, target, startedAt, endedAt, end, record } = this.#test;
    const measured = { bucketSeconds: BUCKET_SECONDS, buckets: record.buckets(), answers: record.answers() };
    return { ...choice, by, target, startedAt, endedAt, end, ...measured };
  }

  async start(choice: LoadTestChoice, { actor, address }: Requester): Promise<Outcome> {
    if (this.running || this.#starting) return refused("A load test runs already. End it first.");
    this.#starting = true;
    try {
      const { db, config, watcher, passwords, now } = this.#deps;
      const fleet = await watcher.fleet();
      if (fleet.stop !== null) return refused("The manager is stopping; there is nothing to test.");
      if (fleet.balancer === null) return refused("There is no load balancer yet. Try again in a moment.");
      // On one machine by loopback, whatever name browsers use.
      const target = config.CLOUD === "local" ? `http://127.0.0.1:${config.LB_PORT}/` : fleet.balancer.url;
      const account = await openLoadAccount(db, passwords, new Date(now()));
      const seconds = Math.round(choice.minutes * 60);
      const { rate, shape } = choice;
      const url = new URL("api/upload", target).href;
      this.#test = this.#run({ ...account, url, rate, shape, seconds }, { choice, by: actor, target });
      const detail = `up to ${rate} ${rate === 1 ? "photo" : "photos"} a second, ${choice.minutes}\u00a0min, ${shape}`;
      await audit(db, { actor, action: "load-test.start", target, detail, address });
      return { done: true, sentence: `The load test runs: ${detail}.` };
    } finally {
      this.#starting = false;
    }
  }

  async stop({ actor, address }: Requester): Promise<Outcome> {
    const test = this.#test;
    if (test === undefined || test.endedAt !== null) return refused("No load test runs.");
    this.#finish(test, `Ended by ${actor}`);
    await test.thread.terminate();
    await audit(this.#deps.db, { actor, action: "load-test.stop", target: test.target, address });
    return { done: true, sentence: "The load test has ended. Photos that were under way are not counted." };
  }

  /** Ends what runs, with the manager. */
  async close(): Promise<void> {
    if (this.#test === undefined) return;
    this.#finish(this.#test, "Ended with the manager");
    await this.#test.thread.terminate();
  }

  #run(order: LoadOrder, told: Pick<Test, "choice" | "by" | "target">): Test {
    const thread = new Worker(SCRIPT, {
      workerData: order,
      env: {}, // it needs no database, no cloud and no secret
      resourceLimits: { maxOldGenerationSizeMb: MEMORY_MB },
    });
    const test: Test = {
      ...told,
      startedAt: this.#deps.now(),
      record: new LoadRecord(),
      thread,
      endedAt: null,
      end: "",
    };
    const limit = setTimeout(
      () => {
        this.#finish(test, "Ended at its time limit");
        void thread.terminate();
      },
      order.seconds * 1000 + GRACE_MS,
    );
    limit.unref();
    thread.unref();
    thread.on("message", (news: LoadNews) => {
      if (test.endedAt !== null) return;
      if ("over" in news) this.#finish(test, "Ran to its end");
      else if ("sentAtMs" in news) test.record.addSent(news.sentAtMs);
      else test.record.addOutcome(news.outcome);
    });
    thread.on("error", (error) => {
      this.#deps.log.error({ err: error }, "load test failed");
      this.#finish(test, "Ended early by an error of its own, which is in the manager's log,");
    });
    thread.on("exit", () => {
      clearTimeout(limit);
      this.#finish(test, "Ended early");
    });
    return test;
  }

  /** The first reason counts. */
  #finish(test: Test, end: string): void {
    if (test.endedAt !== null) return;
    test.endedAt = this.#deps.now();
    test.end = end;
  }
}

function refused(sentence: string): Outcome {
  return { done: false, sentence };
}
