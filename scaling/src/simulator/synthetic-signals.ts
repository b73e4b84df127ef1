import type { BalancerPeriod, Observation, SeenWorker } from "../observation.ts";
import type { Load } from "./loads.ts";
import { REQUESTS_PER_LOAD } from "./simulated-pool.ts";

/** Adds to the observation of a check, one a minute, what the rules see besides CPU. A run starts its own. */
export type Signals = (seen: Observation, now: number) => Observation;

const MINUTE_MS = 60_000;
/** A worker at 100 % answers late, not never. */
const HIGHEST_SHARE = 0.98;
/** The longest window of the queue rule, and what it may miss at its end. */
const SENT_MINUTES = 63;

/**
 * Successful answers and response times at the load balancer. `requestsPerWorker` a minute fill one worker; what is
 * more than the workers can answer fails. The mean response time grows with the share of the CPU in use as in a queue
 * with one server, M/M/1: idle time / (1 - share).
 */
export function answerSignals({
  requestsPerWorker,
  idleResponseMs,
}: {
  readonly requestsPerWorker: number;
  readonly idleResponseMs: number;
}): Signals {
  return (seen) => ({
    ...seen,
    balancer: seen.balancer.map((period) => {
      const requests = ((period.requests ?? 0) / REQUESTS_PER_LOAD) * requestsPerWorker;
      const { workers, share } = servedBy(seen.workers, period);
      const responseSeconds = requests === 0 ? null : idleResponseMs / 1000 / (1 - Math.min(share, HIGHEST_SHARE));
      return { ...period, requests, successes: Math.min(requests, workers * requestsPerWorker), responseSeconds };
    }),
  });
}

/**
 * A queue of jobs in place of a load balancer: a worker's worth of load sends `jobsPerWorker` a minute, a worker in
 * service finishes as many, and what is more waits. `waiting` is told the length of the queue after each minute. The
 * number of messages sent is seen a minute late, the queue itself at once.
 */
export function queueSignals(load: Load, jobsPerWorker: number, waiting: (jobs: number) => void): Signals {
  let minute = 0;
  let backlog = 0;
  const sentIn = (at: number): number => load.at(Math.max(0, at) * 60) * jobsPerWorker;
  return (seen, now) => {
    const serving = seen.workers.filter((worker) => worker.state === "in service");
    const todo = backlog + sentIn(minute);
    const done = Math.min(todo, serving.length * jobsPerWorker);
    backlog = todo - done;
    waiting(backlog);
    const busy = Math.ceil(done / jobsPerWorker - 1e-9);
    const busyIds = new Set(serving.slice(0, busy).map((worker) => worker.id));
    const ages = Array.from({ length: SENT_MINUTES }, (_, index) => index + 2);
    const sent = ages.map((age) => ({ at: now - age * MINUTE_MS, count: sentIn(minute + 1 - age) }));
    minute += 1;
    return {
      ...seen,
      balancer: [],
      workers: seen.workers.map((worker) => ({ ...worker, busy: busyIds.has(worker.id) })),
      queue: { waiting: Math.floor(backlog), inFlight: busy, sent, serviceSeconds: 60 / jobsPerWorker, finished: 1 },
    };
  };
}

/** The workers that served a minute, and the mean share of their CPU in use. */
function servedBy(
  workers: readonly SeenWorker[],
  { at }: BalancerPeriod,
): { readonly workers: number; readonly share: number } {
  const percents = workers.flatMap(({ cpu }) => cpu.find((point) => point.at === at)?.percent ?? []);
  const sum = percents.reduce((total, percent) => total + percent, 0);
  return { workers: percents.length, share: sum / 100 / Math.max(1, percents.length) };
}
