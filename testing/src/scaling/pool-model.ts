import type { Decision } from "@elastic-gas/scaling/decision";
import { Observation, type SeenWorker } from "@elastic-gas/scaling/observation";
import type { Policy } from "@elastic-gas/scaling/policy";
import { initialState, State } from "@elastic-gas/scaling/policy-state";
import { decide } from "@elastic-gas/scaling/rules/decide";

/** A small pool for the property tests: it boots, serves and reports, and nothing else. Times in seconds. */
export interface ModelSettings {
  readonly policy: Policy;
  readonly min: number;
  readonly max: number;
  readonly start: number;
  readonly minutes: number;
  /** Offered load at a second, in workers' worth. */
  readonly load: (second: number) => number;
  readonly bootSeconds?: number;
  readonly metricDelaySeconds?: number;
  /** Drops a worker's point of one minute. */
  readonly loses?: (workerId: string, minute: number) => boolean;
  readonly reportsRequests?: boolean;
  /** The oldest worker vanishes each so many minutes; another one is launched. */
  readonly diesEveryMinutes?: number;
}

export interface ModelStep {
  readonly second: number;
  readonly before: number;
  readonly inService: number;
  readonly decision: Decision;
}

interface ModelWorker {
  readonly id: string;
  readonly launchedAt: number;
  inServiceAt: number | null;
  readonly cpu: Map<number, number>;
}

const STEP_SECONDS = 10;
const REQUESTS_PER_LOAD = 600;
const EPOCH = Date.UTC(2026, 0, 5);

/** Runs the pool minute by minute and returns every check. */
export function runModel(settings: ModelSettings): readonly ModelStep[] {
  const { policy, min, max, load, bootSeconds = 90, metricDelaySeconds = 60 } = settings;
  let nextId = 1;
  const launch = (at: number, serving: boolean): ModelWorker => ({
    id: `w${nextId++}`,
    launchedAt: at,
    inServiceAt: serving ? at : null,
    cpu: new Map(),
  });
  let workers = Array.from({ length: settings.start }, () => launch(0, true));
  let desired = settings.start;
  let state = initialState();
  const requests = new Map<number, number>();
  const steps: ModelStep[] = [];

  for (let minute = 0; minute < settings.minutes; minute += 1) {
    for (let second = minute * 60; second < minute * 60 + 60; second += STEP_SECONDS) {
      for (const worker of workers) {
        if (worker.inServiceAt === null && second >= worker.launchedAt + bootSeconds) worker.inServiceAt = second;
      }
      const serving = workers.filter((worker) => worker.inServiceAt !== null);
      const offered = load(second);
      for (const worker of serving) {
        const share = Math.min(1, offered / serving.length);
        worker.cpu.set(minute, (worker.cpu.get(minute) ?? 0) + (share * 100 * STEP_SECONDS) / 60);
      }
      requests.set(minute, (requests.get(minute) ?? 0) + (offered * REQUESTS_PER_LOAD * STEP_SECONDS) / 60);
    }
    const second = (minute + 1) * 60;
    if (settings.diesEveryMinutes !== undefined && (minute + 1) % settings.diesEveryMinutes === 0) {
      workers = [...workers.slice(1), launch(second, false)];
    }
    const reported = (at: number): boolean => (at + 1) * 60 + metricDelaySeconds <= second;
    const seen = Observation.parse({
      pool: "web",
      desired,
      min,
      max,
      bootSeconds,
      workers: workers.map(
        (worker): SeenWorker => ({
          id: worker.id,
          state: worker.inServiceAt === null ? "pending" : "in service",
          launchedAt: EPOCH + worker.launchedAt * 1000,
          inServiceAt: worker.inServiceAt === null ? null : EPOCH + worker.inServiceAt * 1000,
          busy: null,
          cpu: [...worker.cpu]
            .filter(([at]) => reported(at) && at > minute - 15 && settings.loses?.(worker.id, at) !== true)
            .map(([at, percent]) => ({ at: EPOCH + at * 60_000, percent })),
        }),
      ),
      balancer: (settings.reportsRequests === false ? [] : [...requests])
        .filter(([at]) => reported(at) && at > minute - 15)
        .map(([at, count]) => ({ at: EPOCH + at * 60_000, requests: count, healthyHosts: workers.length })),
    });
    const decided = decide(policy, seen, state, new Date(EPOCH + second * 1000));
    // Through JSON as in production, so that nothing hides in the state.
    state = State.parse(JSON.parse(JSON.stringify(decided.state)));
    steps.push({
      second,
      before: desired,
      inService: workers.filter((worker) => worker.inServiceAt !== null).length,
      decision: decided.decision,
    });
    desired = decided.decision.desired;
    while (workers.length < desired) workers.push(launch(second, false));
    workers = workers.slice(0, desired);
  }
  return steps;
}

export function changesOf(steps: readonly ModelStep[]): readonly ModelStep[] {
  return steps.filter((step) => step.decision.kind !== "hold");
}
