import { ceil, clamp } from "../numbers.ts";
import type { Observation, SeenWorker } from "../observation.ts";
import { QueuePolicy, QueueThresholdsPolicy } from "../policy.ts";
import { randomFrom } from "./random.ts";
import type { Decider, Rule } from "./rule.ts";
import { policyRule } from "./rules.ts";

/** Jobs that arrive at a queue; every worker runs one at a time and no job is cut off. */
export interface JobLoad {
  readonly name: string;
  readonly minutes: number;
  readonly serviceSeconds: number;
  /** Mean arrivals a minute. */
  readonly perMinute: (minute: number) => number;
}

export interface QueueSettings {
  readonly min: number;
  readonly max: number;
  readonly bootSeconds: number;
  readonly metricDelaySeconds: number;
  readonly seed: number;
}

export const QUEUE_DEFAULTS: QueueSettings = { min: 1, max: 10, bootSeconds: 90, metricDelaySeconds: 60, seed: 1 };

export interface QueueRun {
  readonly rule: string;
  readonly load: string;
  /** Seconds that each job waited, in the order of its arrival; those that still wait at the end count up to it. */
  readonly waits: readonly number[];
  readonly workerMinutes: number;
  readonly actions: number;
}

interface Worker {
  readonly id: string;
  readonly launchedAt: number;
  readonly inServiceAt: number;
  busyUntil: number;
  leaving: boolean;
}

interface Job {
  readonly at: number;
  readonly seconds: number;
}

const STEP_SECONDS = 5;
const EPOCH = Date.UTC(2026, 0, 5);
/** The service time is the mean of so many finished jobs. */
const LEARNED_JOBS = 50;
const SEEN_MINUTES = 63;

function simulateQueue(rule: Rule, load: JobLoad, settings: QueueSettings): QueueRun {
  const { min, max, bootSeconds, metricDelaySeconds } = settings;
  const decide = rule.start();
  const jobs = arrivalsOf(load, settings.seed);
  const sent = new Map<number, number>();
  for (const { at } of jobs) sent.set(Math.floor(at / 60), (sent.get(Math.floor(at / 60)) ?? 0) + 1);
  let launched = 0;
  const launch = (at: number, boot: number): Worker => ({
    id: `i-${++launched}`,
    launchedAt: at,
    inServiceAt: at + boot,
    busyUntil: 0,
    leaving: false,
  });
  let workers = Array.from({ length: min }, () => launch(0, 0));
  let desired = min;
  let paid = 0;
  let actions = 0;
  let next = 0;
  const queue: Job[] = [];
  const waits: number[] = [];
  const finished: number[] = [];
  const running: { readonly until: number; readonly seconds: number }[] = [];

  for (let second = 0; second < load.minutes * 60; second += STEP_SECONDS) {
    for (let job = jobs[next]; job !== undefined && job.at <= second; job = jobs[next]) {
      queue.push(job);
      next += 1;
    }
    for (let index = running.length - 1; index >= 0; index -= 1) {
      const done = running[index];
      if (done === undefined || done.until > second) continue;
      finished.push(done.seconds);
      running.splice(index, 1);
    }
    workers = workers.filter((worker) => !worker.leaving || worker.busyUntil > second);
    for (const worker of workers) {
      if (worker.leaving || worker.inServiceAt > second || worker.busyUntil > second) continue;
      const job = queue.shift();
      if (job === undefined) break;
      worker.busyUntil = second + job.seconds;
      running.push({ until: worker.busyUntil, seconds: job.seconds });
      waits.push(second - job.at);
    }
    paid += workers.length * STEP_SECONDS;
    if (second % (rule.checkSeconds ?? 60) !== 0) continue;

    const learned = finished.slice(-LEARNED_JOBS);
    const known = (minute: number): boolean => (minute + 1) * 60 + metricDelaySeconds <= second;
    const minutes = Array.from({ length: SEEN_MINUTES }, (_, age) => Math.floor(second / 60) - 1 - age).filter(known);
    const observation: Observation = {
      pool: "annotator",
      desired,
      min,
      max,
      paused: null,
      manualUntil: null,
      launchFailing: false,
      workers: workers.map((worker) => seenWorker(worker, second)),
      launching: 0,
      balancer: [],
      queue: {
        waiting: queue.length,
        inFlight: running.length,
        sent: minutes.map((minute) => ({ at: EPOCH + minute * 60_000, count: sent.get(minute) ?? 0 })),
        serviceSeconds: learned.length === 0 ? null : learned.reduce((sum, each) => sum + each, 0) / learned.length,
        finished: learned.length,
      },
      bootSeconds,
      periodSeconds: 60,
      tickSeconds: rule.checkSeconds ?? 60,
      timeScale: 1,
    };
    const wanted = decide(observation, EPOCH + second * 1000).desired;
    if (wanted === desired) continue;
    actions += 1;
    desired = wanted;
    const kept = workers.filter((worker) => !worker.leaving);
    for (let count = kept.length; count < desired; count += 1) workers.push(launch(second, bootSeconds));
    // Booting workers end first, then idle ones, then busy ones after their job.
    const order = kept.toSorted(
      (a, b) => Number(a.inServiceAt <= second) - Number(b.inServiceAt <= second) || a.busyUntil - b.busyUntil,
    );
    for (const victim of order.slice(0, Math.max(0, kept.length - desired))) victim.leaving = true;
  }
  for (const job of queue) waits.push(load.minutes * 60 - job.at);
  return { rule: rule.name, load: load.name, waits, workerMinutes: paid / 60, actions };
}

function seenWorker(worker: Worker, second: number): SeenWorker {
  const serves = worker.inServiceAt <= second;
  return {
    id: worker.id,
    state: worker.leaving ? "draining" : serves ? "in service" : "pending",
    launchedAt: EPOCH + worker.launchedAt * 1000,
    inServiceAt: serves ? EPOCH + worker.inServiceAt * 1000 : null,
    busy: serves ? worker.busyUntil > second : null,
    cpu: [],
  };
}

/** A Poisson process; a job takes between half and one and a half of the mean. */
function arrivalsOf({ minutes, perMinute, serviceSeconds }: JobLoad, seed: number): readonly Job[] {
  const random = randomFrom(seed);
  const jobs: Job[] = [];
  for (let second = 0; second < minutes * 60; second += 1) {
    const rate = perMinute(Math.floor(second / 60)) / 60;
    let product = random();
    for (const limit = Math.exp(-rate); product > limit; product *= random()) {
      jobs.push({ at: second, seconds: serviceSeconds * (0.5 + random()) });
    }
  }
  return jobs;
}

/** The jobs of the figures: a swing between idle and six workers' worth, and bursts. */
const JOB_LOADS: readonly JobLoad[] = [
  ...[10, 60, 600].map(
    (serviceSeconds): JobLoad => ({
      name: `${serviceSeconds} s jobs`,
      minutes: 1_440,
      serviceSeconds,
      perMinute: (minute) => ((0.3 + 5.7 * (0.5 - 0.5 * Math.cos((2 * Math.PI * minute) / 360))) * 60) / serviceSeconds,
    }),
  ),
  {
    name: "bursts",
    minutes: 1_440,
    serviceSeconds: 60,
    perMinute: (minute) => (minute % 60 === 30 ? 30 : 0.2),
  },
];

/** A queue answers at once, so that its pool is checked more often than metrics come. */
const QUEUE_CHECK_SECONDS = 15;
const ACCEPTABLE_WAIT_SECONDS = 60;
const KEDA_POLL_SECONDS = 30;
const KEDA_STABILIZATION_MS = 300_000;

/**
 * KEDA's scaler on SQS: messages waiting and in flight by a target for each worker, asked every 30 s, and a shrink to
 * the highest of 300 s. The target is what a worker finishes within the acceptable wait, at least 1.
 * https://keda.sh/docs/latest/scalers/aws-sqs/
 */
function kedaRule(serviceSeconds: number): Rule {
  const target = Math.max(1, Math.floor(ACCEPTABLE_WAIT_SECONDS / serviceSeconds));
  return {
    name: "keda",
    checkSeconds: KEDA_POLL_SECONDS,
    start: () => {
      let recommended: readonly { readonly at: number; readonly size: number }[] = [];
      return (seen, now) => {
        const { waiting = 0, inFlight = 0 } = seen.queue ?? {};
        const ratio = (waiting + inFlight) / target / Math.max(1, seen.desired);
        const size = Math.abs(ratio - 1) <= 0.1 ? seen.desired : ceil((waiting + inFlight) / target);
        recommended = [...recommended.filter(({ at }) => now - at < KEDA_STABILIZATION_MS), { at: now, size }];
        const highest = Math.max(...recommended.map((entry) => entry.size));
        return verdict(seen, size > seen.desired ? size : Math.min(seen.desired, highest));
      };
    },
  };
}

/**
 * Target tracking on the backlog of each worker, as AWS describes it: acceptable latency by service time; grows after 3
 * minutes above it, shrinks one worker at a time after 15 minutes below 90 % of it.
 * https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-using-sqs-queue.html
 */
function awsBacklogRule(serviceSeconds: number): Rule {
  const target = ACCEPTABLE_WAIT_SECONDS / serviceSeconds;
  return {
    name: "aws-backlog",
    start: (): Decider => {
      let shrunkAt = Number.NEGATIVE_INFINITY;
      const backlogs: number[] = [];
      return (seen, now) => {
        const running = Math.max(1, seen.workers.filter(({ state }) => state === "in service").length);
        backlogs.push((seen.queue?.waiting ?? 0) / running);
        const newest = backlogs.at(-1) ?? 0;
        if (backlogs.length >= 3 && backlogs.slice(-3).every((each) => each > target)) {
          return verdict(seen, Math.max(seen.desired, ceil((running * newest) / target)));
        }
        const low = backlogs.length >= 15 && backlogs.slice(-15).every((each) => each < 0.9 * target);
        if (low && now - shrunkAt >= KEDA_STABILIZATION_MS) {
          shrunkAt = now;
          return verdict(seen, seen.desired - 1);
        }
        return verdict(seen, seen.desired);
      };
    },
  };
}

function verdict(seen: Observation, wanted: number): { readonly desired: number; readonly describe: () => string } {
  return { desired: clamp(Math.max(1, wanted), seen), describe: () => "" };
}

function comparedQueueRules(serviceSeconds: number): readonly Rule[] {
  return [
    kedaRule(serviceSeconds),
    awsBacklogRule(serviceSeconds),
    policyRule("queue-thresholds", QueueThresholdsPolicy.parse({ kind: "queue-thresholds" })),
    { ...policyRule("queue", QueuePolicy.parse({ kind: "queue" })), checkSeconds: QUEUE_CHECK_SECONDS },
  ];
}

export interface QueueRow {
  readonly load: string;
  readonly rule: string;
  readonly medianWait: number;
  readonly p95Wait: number;
  readonly workerMinutes: number;
  readonly actions: number;
}

export function compareQueueRules(settings: QueueSettings, loads: readonly JobLoad[] = JOB_LOADS): readonly QueueRow[] {
  return loads.flatMap((load) =>
    comparedQueueRules(load.serviceSeconds).map((rule) => {
      const { waits, workerMinutes, actions } = simulateQueue(rule, load, settings);
      const sorted = waits.toSorted((a, b) => a - b);
      const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
      return { load: load.name, rule: rule.name, medianWait: at(0.5), p95Wait: at(0.95), workerMinutes, actions };
    }),
  );
}
