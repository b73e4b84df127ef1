import type { BalancerPeriod, Observation, SeenWorker } from "../observation.ts";
import { demandFor, type Sample } from "./elasticity.ts";
import type { Load } from "./loads.ts";
import { normalFrom, randomFrom } from "./random.ts";
import type { Rule } from "./rule.ts";

export interface PoolSettings {
  readonly min: number;
  readonly max: number;
  /** Workers in service at the beginning. */
  readonly start: number;
  readonly bootSeconds: number;
  /** From the end of a minute until its metrics can be read. */
  readonly metricDelaySeconds: number;
  readonly drainSeconds: number;
  /** Relative error of every CPU point and request count: the deviation of a normal one, the bound of an even one. */
  readonly noise: number;
  readonly noiseShape: "normal" | "even";
  readonly seed: number;
}

export const POOL_DEFAULTS: PoolSettings = {
  min: 1,
  max: 8,
  start: 1,
  bootSeconds: 90,
  metricDelaySeconds: 60,
  drainSeconds: 60,
  noise: 0.02,
  noiseShape: "normal",
  seed: 1,
};

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
const SAMPLES_PER_MINUTE = 60 / SAMPLE_SECONDS;
const REQUESTS_PER_LOAD = 600;
const SEEN_MINUTES = 16;
const EPOCH = Date.UTC(2026, 0, 5);

/**
 * Runs a rule against a load, without AWS: workers boot, serve an equal share each, report their CPU late, and drain. Load
 * above all capacity is lost, not queued, but closed-loop clients ask for no more than is answered. The same arguments give the same run.
 */
export function simulate(rule: Rule, load: Load, settings: PoolSettings): Run {
  const pool = new SimulatedPool(load, settings);
  const decide = rule.start();
  const actions: Action[] = [];
  const samples: Sample[] = [];
  const { checkSeconds = 60 } = rule;
  for (let begin = 0; begin < load.minutes * 60; begin += SAMPLE_SECONDS) {
    samples.push(pool.serve(begin));
    const second = begin + SAMPLE_SECONDS;
    if (second % 60 === 0) pool.endMinute(second / 60 - 1);
    if (second % checkSeconds !== 0) continue;
    const verdict = decide(pool.observe(second), EPOCH + second * 1000);
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
  readonly #requests = new Map<number, number>();
  #workers: SimulatedWorker[] = [];
  #launched = 0;
  desired: number;

  constructor(load: Load, settings: PoolSettings) {
    this.#load = load;
    this.#settings = settings;
    const random = randomFrom(settings.seed);
    this.#error = settings.noiseShape === "normal" ? normalFrom(random) : () => 2 * random() - 1;
    this.desired = settings.start;
    for (let count = 0; count < settings.start; count += 1) this.#launch(-settings.bootSeconds);
  }

  serve(second: number): Sample {
    const minute = Math.floor(second / 60);
    const { drainSeconds } = this.#settings;
    this.#workers = this.#workers.filter(
      (worker) => worker.drainedAt === null || second < worker.drainedAt + drainSeconds,
    );
    const serving = this.#workers.filter((worker) => worker.drainedAt === null && worker.inServiceAt <= second);
    const load = this.#load.at(second);
    const arriving = this.#load.arriving?.(second, serving.length) ?? load;
    const percent = (100 * Math.min(1, arriving / Math.max(1, serving.length))) / SAMPLES_PER_MINUTE;
    for (const worker of serving) worker.cpu.set(minute, (worker.cpu.get(minute) ?? 0) + percent);
    this.#requests.set(minute, (this.#requests.get(minute) ?? 0) + (arriving * REQUESTS_PER_LOAD) / SAMPLES_PER_MINUTE);
    return { demand: demandFor(load), inService: serving.length, load, paid: this.#workers.length };
  }

  /** Measures a minute: adds the error of each metric, and forgets the minutes that nobody looks at any more. */
  endMinute(ended: number): void {
    for (const worker of this.#workers) {
      const percent = worker.cpu.get(ended);
      if (percent !== undefined) worker.cpu.set(ended, Math.min(100, this.#noisy(percent)));
      worker.cpu.delete(ended - SEEN_MINUTES);
    }
    this.#requests.set(ended, Math.round(this.#noisy(this.#requests.get(ended) ?? 0)));
    this.#requests.delete(ended - SEEN_MINUTES);
  }

  /** What CloudWatch and EC2 would say. */
  observe(second: number): Observation {
    const { min, max, bootSeconds, metricDelaySeconds } = this.#settings;
    const isKnown = (minute: number): boolean => (minute + 1) * 60 + metricDelaySeconds <= second;
    return {
      pool: "web",
      desired: this.desired,
      min,
      max,
      paused: null,
      manualUntil: null,
      launchFailing: false,
      workers: this.#workers.map((worker) => seenWorker(worker, second, isKnown)),
      launching: 0,
      balancer: [...this.#requests]
        .filter(([minute]) => isKnown(minute))
        .map(([minute, count]) => balancerPeriod(minute, count, this.#workers.length)),
      queue: null,
      bootSeconds,
      periodSeconds: 60,
      tickSeconds: 60,
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

function seenWorker(worker: SimulatedWorker, second: number, isKnown: (minute: number) => boolean): SeenWorker {
  const serves = worker.inServiceAt <= second;
  const state = worker.drainedAt !== null ? "draining" : serves ? "in service" : "pending";
  return {
    id: worker.id,
    state,
    launchedAt: EPOCH + worker.launchedAt * 1000,
    inServiceAt: serves ? EPOCH + worker.inServiceAt * 1000 : null,
    busy: null,
    cpu: [...worker.cpu].flatMap(([minute, percent]) =>
      isKnown(minute) ? [{ at: EPOCH + minute * 60_000, percent }] : [],
    ),
  };
}

/** Response times are not simulated. */
function balancerPeriod(minute: number, requests: number, healthyHosts: number): BalancerPeriod {
  return { at: EPOCH + minute * 60_000, requests, successes: null, responseSeconds: null, healthyHosts };
}
