import { POOLS } from "@elastic-gas/scaling/pools";
import type { ReplayQuestion } from "@elastic-gas/scaling/simulator/replay";
import type { Database } from "@elastic-gas/shared/database/connect";
import { formatCount, formatNumber, NO_BREAK_SPACE } from "@elastic-gas/shared/format/numbers";
import type { PoolName } from "@elastic-gas/shared/resources";
import { measureJobs } from "../../read/measured-jobs.ts";

/** What the simulated workers can do, measured where it was, assumed where not. */
export interface Assumptions {
  readonly signals: Pick<ReplayQuestion, "answers" | "queue">;
  /** Requests or jobs a minute that fill one worker. */
  readonly perWorker: number | null;
  /** For whoever judges the preview; one or two sentences. */
  readonly words: string;
}

export interface Measured {
  readonly requestsPerWorker: number | null;
  /** The lowest mean response time of the past day. */
  readonly idleResponseMs: number | null;
}

const ASSUMED_REQUESTS = 600;
const ASSUMED_RESPONSE_MS = 5;
const ASSUMED_JOB_SECONDS = 30;
const DAY_MINUTES = 1_440;

export async function assume(
  db: Database,
  pool: PoolName,
  { now, measured }: { readonly now: number; readonly measured: Measured },
): Promise<Assumptions> {
  return POOLS[pool].queue !== null ? assumeJobs(db, now) : assumeAnswers(measured);
}

async function assumeJobs(db: Database, now: number): Promise<Assumptions> {
  const { meanSeconds } = await measureJobs(db, new Date(now), DAY_MINUTES);
  const seconds = Math.max(0.1, meanSeconds ?? ASSUMED_JOB_SECONDS);
  // Rounded, so that the same question is asked for a while.
  const jobsPerWorker = Number((60 / seconds).toPrecision(3));
  return {
    signals: { queue: { jobsPerWorker } },
    perWorker: jobsPerWorker,
    words: `A job takes ${formatNumber(seconds)}${NO_BREAK_SPACE}s (${sourceOf(meanSeconds, "the mean of the last 24\u00a0h")}). Overload minutes: those at whose end a job waits.`,
  };
}

function assumeAnswers({ requestsPerWorker, idleResponseMs }: Measured): Assumptions {
  const requests = Number((requestsPerWorker ?? ASSUMED_REQUESTS).toPrecision(3));
  const response = Number((idleResponseMs ?? ASSUMED_RESPONSE_MS).toPrecision(2));
  return {
    signals: { answers: { requestsPerWorker: requests, idleResponseMs: response } },
    perWorker: requestsPerWorker,
    words: `${formatCount(requests)} requests a minute saturate one worker (${sourceOf(requestsPerWorker, "learned")}); an idle one answers in ${formatNumber(response)}${NO_BREAK_SPACE}ms (${sourceOf(idleResponseMs, "the best of the last 24\u00a0h")}). Overload minutes: those in which the load is above 90${NO_BREAK_SPACE}% of the capacity in service.`,
  };
}

function sourceOf(measured: number | null, words: string): string {
  return measured === null ? "assumed" : words;
}
