import { parentPort, workerData } from "node:worker_threads";
import { readOwnFiles } from "@elastic-gas/loadgen/files";
import type { Outcome } from "@elastic-gas/loadgen/outcome";
import { runLoad } from "@elastic-gas/loadgen/run-load";
import { type ShapeName, sendTimes, shapeRate } from "@elastic-gas/loadgen/shapes";
import { upload } from "@elastic-gas/loadgen/upload";

/** What the thread is told; our own type, from load-test.ts. */
export interface LoadOrder {
  readonly url: string;
  readonly username: string;
  readonly password: string;
  readonly rate: number;
  readonly shape: ShapeName;
  readonly seconds: number;
}

/** What it says: a photo was sent, what came of one, or that all is over. */
export type LoadNews = { readonly sentAtMs: number } | { readonly outcome: Outcome } | { readonly over: true };

/** An open request costs memory; at 20 a second and 60 s each there are 1,200 at most. */
const MAX_OPEN = 1_200;
const TIMEOUT_MS = 60_000;

const { url, rate, shape, seconds, ...account } = workerData as LoadOrder;
const files = await readOwnFiles("photos");
const signal = new AbortController().signal; // a stop ends the whole thread
const timing = { startedAt: performance.now(), timeoutMs: TIMEOUT_MS, signal };
const say = (news: LoadNews): void => parentPort?.postMessage(news);
await runLoad({
  // One turn of the shape takes the whole test.
  times: sendTimes(shapeRate(shape, rate, shape === "burst" ? seconds / 5 : seconds), {
    count: Number.POSITIVE_INFINITY,
    maxSeconds: seconds,
  }),
  send: (index) => {
    say({ sentAtMs: performance.now() - timing.startedAt });
    return upload(new URL(url), account, files[index % files.length] ?? files[0], timing);
  },
  maxOpen: MAX_OPEN,
  signal,
  onOutcome: (outcome) => say({ outcome }),
});
say({ over: true });
