import type { BalancerPeriod, Observation, SeenWorker } from "../observation.ts";
import { demandFor, type Sample } from "./elasticity.ts";
import type { Load } from "./loads.ts";
import type { PoolSettings } from "./pool-settings.ts";
import { normalFrom, randomFrom } from "./random.ts";
import type { Rule } from "./rule.ts";

export interface Action {
  readonly second: number;
  readonly from: number;
  readonly to: number;
  readonly reason: string;
}

export interface Run {
  readonly rule: string;
  readonly load: Load;
  readonly actions: readonly Action[];
  /** One per `SAMPLE_SECONDS`. */
  readonly samples: readonly Sample[];
}

interface SimulatedWorker {
  readonly id: string;
  readonly launchedAt: number;
  readonly inServiceAt: number;
  drainedAt: number | null;
  readonly cpu: Map<number, number>;
}

export const SAMPLE_SECONDS = 5;
/** Requests a minute for one worker's worth of load. */
export const REQUESTS_PER_LOAD = 600;
/** An alarm of target tracking looks at 15 minutes, and metrics may come late. */
const SEEN_SECONDS = 24 * 60;
/** Whoever measures more often looks back less far. */
const SEEN_PERIODS = 36;
const EPOCH = Date.UTC(2026, 0, 5);

/**
 * Runs a rule against a load, without AWS: workers boot, serve an equal share each, report their CPU late, and drain.
 * Load above all capacity is lost, not queued, but closed-loop clients ask for no more than is answered. The same
 * arguments give the same run.
 */
export function simulate(rule: Rule, load: Load, settings: PoolSettings): Run {
  const pool = new SimulatedPool(load, { ...settings, ...rule.metrics });
  const decide = rule.start();
  const actions: Action[] = [];
  const samples: Sample[] = [];
  const { checkSeconds = 60 } = rule;
  const { metricPeriodSeconds } = { ...settings, ...rule.metrics };
  for (let begin = 0; begin < load.minutes * 60; begin += SAMPLE_SECONDS) {
    samples.push(pool.serve(begin));
    const second = begin + SAMPLE_SECONDS;
    if (second % metricPeriodSeconds === 0) pool.endPeriod(second / metricPeriodSeconds - 1);
    if (second < settings.phaseSeconds || (second - settings.phaseSeconds) % checkSeconds !== 0) continue;
    const verdict = decide(pool.observe(second, checkSeconds), EPOCH + second * 1000);
    if (verdict.desired === pool.desired) continue;
    actions.push({ second, from: pool.desired, to: verdict.desired, reason: verdict.describe() });
    pool.resize(verdict.desired, second);
  }
  return { rule: rule.name, load, actions, samples };
}

/** Actions that go against the one before. */
export function countReversals(actions: readonly Action[]): number {
  return actions.filter((action, index) => {
    const before = actions[index - 1];
    return before !== undefined && Math.sign(action.to - action.from) !== Math.sign(before.to - before.from);
  }).length;
}

class SimulatedPool {
  readonly #load: Load;
  readonly #settings: PoolSettings;
  readonly #error: () => number;
  readonly #random: () => number;
  readonly #requests = new Map<number, number>();
  #workers: SimulatedWorker[] = [];
  #launched = 0;
  desired: number;

  constructor(load: Load, settings: PoolSettings) {
    this.#load = load;
    this.#settings = settings;
    const random = randomFrom(settings.seed);
    this.#random = randomFrom(settings.seed + 1);
    this.#error = settings.noiseShape === "normal" ? normalFrom(random) : () => 2 * random() - 1;
    this.desired = settings.start;
    for (let count = 0; count < settings.start; count += 1) this.#launch(-settings.bootSeconds);
  }

  serve(second: number): Sample {
    const { drainSeconds, metricPeriodSeconds } = this.#settings;
    const period = Math.floor(second / metricPeriodSeconds);
    const share = SAMPLE_SECONDS / metricPeriodSeconds;
    this.#workers = this.#workers.filter(
      (worker) => worker.drainedAt === null || second < worker.drainedAt + drainSeconds,
    );
    const serving = this.#workers.filter((worker) => worker.drainedAt === null && worker.inServiceAt <= second);
    const load = this.#load.at(second);
    const arriving = this.#load.arriving?.(second, serving.length) ?? load;
    const percent = 100 * Math.min(1, arriving / Math.max(1, serving.length)) * share;
    for (const worker of serving) worker.cpu.set(period, (worker.cpu.get(period) ?? 0) + percent);
    const requests = (arriving * REQUESTS_PER_LOAD * SAMPLE_SECONDS) / 60;
    this.#requests.set(period, (this.#requests.get(period) ?? 0) + requests);
    return { demand: demandFor(load), inService: serving.length, load, paid: this.#workers.length };
  }

  /** Measures a period: adds the error of each metric, and forgets the periods that nobody looks at any more. */
  endPeriod(ended: number): void {
    const { metricPeriodSeconds, lostShare } = this.#settings;
    const forgotten = ended - Math.min(SEEN_PERIODS, Math.round(SEEN_SECONDS / metricPeriodSeconds));
    for (const worker of this.#workers) {
      const percent = worker.cpu.get(ended);
      if (percent !== undefined) worker.cpu.set(ended, Math.min(100, this.#noisy(percent)));
      if (lostShare > 0 && this.#random() < lostShare) worker.cpu.delete(ended);
      worker.cpu.delete(forgotten);
    }
    this.#requests.set(ended, Math.round(this.#noisy(this.#requests.get(ended) ?? 0)));
    this.#requests.delete(forgotten);
  }

  /** What CloudWatch and EC2 would say. */
  observe(second: number, tickSeconds: number): Observation {
    const { min, max, bootSeconds, metricDelaySeconds, metricPeriodSeconds } = this.#settings;
    const isKnown = (period: number): boolean => (period + 1) * metricPeriodSeconds + metricDelaySeconds <= second;
    const startOf = (period: number): number => EPOCH + period * metricPeriodSeconds * 1000;
    return {
      pool: "web",
      desired: this.desired,
      min,
      max,
      paused: null,
      manualUntil: null,
      launchFailing: false,
      workers: this.#workers.map((worker) => seenWorker(worker, second, { isKnown, startOf })),
      launching: 0,
      balancer: [...this.#requests]
        .filter(([period]) => isKnown(period))
        .map(([period, count]) => balancerPeriod(startOf(period), count, this.#workers.length)),
      queue: null,
      bootSeconds,
      periodSeconds: metricPeriodSeconds,
      tickSeconds,
      timeScale: 1,
    };
  }

  /** Booting workers end at once, because they serve nothing; then the youngest drain. */
  resize(desired: number, second: number): void {
    this.desired = desired;
    const kept = this.#workers.filter((worker) => worker.drainedAt === null);
    for (let count = kept.length; count < desired; count += 1) this.#launch(second);
    for (const victim of kept.slice(desired)) {
      if (victim.inServiceAt <= second) victim.drainedAt = second;
      else this.#workers = this.#workers.filter((worker) => worker !== victim);
    }
  }

  #launch(second: number): void {
    this.#launched += 1;
    const inServiceAt = second + this.#settings.bootSeconds;
    this.#workers.push({ id: `i-${this.#launched}`, launchedAt: second, inServiceAt, drainedAt: null, cpu: new Map() });
  }

  #noisy(value: number): number {
    return Math.max(0, value * (1 + this.#settings.noise * this.#error()));
  }
}

interface Periods {
  readonly isKnown: (period: number) => boolean;
  readonly startOf: (period: number) => number;
}

function seenWorker(worker: SimulatedWorker, second: number, { isKnown, startOf }: Periods): SeenWorker {
  const serves = worker.inServiceAt <= second;
  const state = worker.drainedAt !== null ? "draining" : serves ? "in service" : "pending";
  return {
    id: worker.id,
    state,
    launchedAt: EPOCH + worker.launchedAt * 1000,
    inServiceAt: serves ? EPOCH + worker.inServiceAt * 1000 : null,
    busy: null,
    cpu: [...worker.cpu].flatMap(([period, percent]) => (isKnown(period) ? [{ at: startOf(period), percent }] : [])),
  };
}

/** Response times are not simulated. */
function balancerPeriod(at: number, requests: number, healthyHosts: number): BalancerPeriod {
  return { at, requests, successes: null, responseSeconds: null, healthyHosts };
}
