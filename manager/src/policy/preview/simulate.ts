import type { Stored } from "../differences.ts";
import type { AskDecide, Decided } from "./decide-child.ts";

export interface SimulationOptions {
  readonly stored: Stored;
  readonly start: number;
  /** Offered load of each minute, in workers' worth. */
  readonly load: readonly number[];
  /** Ends early: called after each check. */
  readonly isOver?: (steps: readonly SimulatedMinute[]) => boolean;
}

export interface SimulatedMinute {
  /** Workers in service, and wanted after the check at the end of this minute. */
  readonly inService: number;
  readonly desired: number;
  readonly decision: Decided;
}

interface SimulatedWorker {
  readonly id: string;
  readonly launchedAt: number;
  readonly inServiceAt: number;
  readonly cpu: { readonly at: number; readonly percent: number }[];
}

const MINUTE_MS = 60_000;
/** From launch to in service. */
export const BOOT_MS = 90_000;
/** CloudWatch has a minute's value about a minute after its end. */
const DELAY_MINUTES = 1;
/** The rules look back 5 minutes, 30 with back-off. */
const KEPT_POINTS = 35;
const REQUESTS_PER_LOAD = 600;
/** Any round instant; it only has to be long after the epoch. */
const BEGIN = Date.UTC(2026, 0, 5);
/** The workers of the start have served for that long, so that the first check is not a hold. */
const BEFORE_MINUTES = 60;

/** A pool that boots, serves and reports, minute by minute; every size is decided by the autoscaler's own code. */
export async function simulate(
  ask: AskDecide,
  { stored, start, load, isOver }: SimulationOptions,
): Promise<readonly SimulatedMinute[]> {
  const { policy, limits } = stored;
  const first = load[0] ?? 0;
  let nextId = 1;
  const launch = (at: number, bootMs: number): SimulatedWorker => ({
    id: `w${nextId++}`,
    launchedAt: at,
    inServiceAt: at + bootMs,
    cpu: [],
  });
  let workers = Array.from({ length: start }, () => launch(BEGIN - BEFORE_MINUTES * MINUTE_MS, 0));
  let desired = start;
  const balancer: { at: number; requests: number; healthyHosts: number }[] = [];
  const steps: SimulatedMinute[] = [];
  const serve = (at: number, offered: number): void => {
    // One that comes into service within the minute counts for the part that it serves.
    const shares = workers.map((worker) => Math.min(1, Math.max(0, (at + MINUTE_MS - worker.inServiceAt) / MINUTE_MS)));
    const capacity = shares.reduce((sum, share) => sum + share, 0);
    const percent = capacity === 0 ? 0 : Math.min(100, (offered / capacity) * 100);
    workers.forEach((worker, index) => {
      if ((shares[index] ?? 0) < 1) return;
      worker.cpu.push({ at, percent });
      if (worker.cpu.length > KEPT_POINTS) worker.cpu.shift();
    });
    balancer.push({ at, requests: offered * REQUESTS_PER_LOAD, healthyHosts: workers.length });
    if (balancer.length > KEPT_POINTS) balancer.shift();
  };
  for (let minute = -KEPT_POINTS; minute < 0; minute += 1) serve(BEGIN + minute * MINUTE_MS, first);

  for (const [minute, offered] of load.entries()) {
    serve(BEGIN + minute * MINUTE_MS, offered);
    const now = BEGIN + (minute + 1) * MINUTE_MS;
    const reported = ({ at }: { readonly at: number }): boolean => at + (1 + DELAY_MINUTES) * MINUTE_MS <= now;
    const observation = {
      pool: "web",
      desired,
      ...limits,
      bootSeconds: BOOT_MS / 1000,
      workers: workers.map((worker) => ({
        id: worker.id,
        state: worker.inServiceAt <= now ? "in service" : "pending",
        launchedAt: worker.launchedAt,
        inServiceAt: worker.inServiceAt <= now ? worker.inServiceAt : null,
        cpu: worker.cpu.filter(reported),
      })),
      balancer: balancer.filter(reported),
    };
    const decision = await ask({ policy, observation, now, fresh: minute === 0 });
    const inService = workers.filter((worker) => worker.inServiceAt <= now).length;
    desired = decision.desired;
    steps.push({ inService, desired, decision });
    while (workers.length < desired) workers.push(launch(now, BOOT_MS));
    workers = workers.slice(0, desired);
    if (isOver?.(steps) === true) break;
  }
  return steps;
}

export interface Outcome {
  /** Minutes in which the load was above 90 % of the capacity in service. */
  readonly overloadMinutes: number;
  readonly workerMinutes: number;
  readonly actions: number;
  readonly mean: number;
  readonly peak: number;
}

const SERVICE_LEVEL = 0.9;

export function outcomeOf(steps: readonly SimulatedMinute[], load: readonly number[]): Outcome {
  const sizes = steps.map((step) => step.inService);
  const workerMinutes = sizes.reduce((sum, size) => sum + size, 0);
  return {
    overloadMinutes: sizes.filter((size, minute) => (load[minute] ?? 0) > SERVICE_LEVEL * size).length,
    workerMinutes,
    actions: steps.filter((step) => step.decision.kind !== "hold").length,
    mean: sizes.length === 0 ? 0 : workerMinutes / sizes.length,
    peak: Math.max(0, ...sizes),
  };
}
