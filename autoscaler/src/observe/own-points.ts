import { type BalancerPeriod, lasting, type Observation } from "@elastic-gas/scaling/observation";
import type { PolicyKind } from "@elastic-gas/scaling/policy";
import { type LoadPoint, readLoadPoints } from "@elastic-gas/shared/pools/load-points";
import type { WorkerRecord } from "@elastic-gas/shared/pools/worker-record";

/**
 * Rules that grow on the newest seconds: they judge by what the workers measure of themselves, which comes sooner than
 * CloudWatch's.
 */
export const BY_OWN_POINTS: ReadonlySet<PolicyKind> = new Set(["adaptive", "requests"]);

/** Workers whose newest point is older have stopped telling. */
const MAX_AGE_SECONDS = 60;

/** What the workers of a pool measured of themselves, in periods of one length. */
export interface OwnPoints {
  readonly periodSeconds: number;
  readonly byWorker: ReadonlyMap<string, readonly LoadPoint[]>;
}

/** The points of those workers; null when less than half of the workers in service told anything lately. */
export function ownPointsOf(
  records: ReadonlyMap<string, WorkerRecord>,
  workers: Observation["workers"],
  { now, timeScale }: { readonly now: number; readonly timeScale: number },
): OwnPoints | null {
  const told = new Map(
    workers.flatMap(({ id }) => {
      const points = readLoadPoints(records.get(id)?.loadPoints ?? null);
      return points === null ? [] : [[id, points] as const];
    }),
  );
  const periodSeconds = Math.max(0, ...[...told.values()].map((each) => each.periodSeconds));
  const oldest = now - lasting({ timeScale }, MAX_AGE_SECONDS);
  const byWorker = new Map(
    [...told]
      .filter(([, each]) => each.periodSeconds === periodSeconds)
      .map(([id, { points }]) => [id, points] as const),
  );
  const serving = workers.filter(({ state }) => state === "in service");
  const telling = serving.filter(({ id }) => (byWorker.get(id)?.at(-1)?.at ?? Number.NEGATIVE_INFINITY) >= oldest);
  return serving.length === 0 || telling.length * 2 < serving.length ? null : { periodSeconds, byWorker };
}

/** The observation by the workers' own points in place of CloudWatch's; its minutes come without delay. */
export function observeOwnPoints(seen: Observation, { periodSeconds, byWorker }: OwnPoints): Observation {
  return {
    ...seen,
    periodSeconds,
    workers: seen.workers.map((worker) => ({
      ...worker,
      cpu: (byWorker.get(worker.id) ?? []).map(({ at, cpuPercent }) => ({ at, percent: cpuPercent })),
    })),
    balancer: periodsOf(seen, byWorker),
  };
}

/**
 * The requests of all workers by period; where one in service told nothing of a period, as many as the others had on
 * average.
 */
function periodsOf(seen: Observation, byWorker: OwnPoints["byWorker"]): BalancerPeriod[] {
  const instants = [...new Set([...byWorker.values()].flatMap((points) => points.map(({ at }) => at)))].sort(
    (a, b) => a - b,
  );
  return instants.flatMap((at) => {
    const told = seen.workers.flatMap(({ id }) => byWorker.get(id)?.find((point) => point.at === at) ?? []);
    const served = seen.workers.filter(({ inServiceAt }) => inServiceAt !== null && inServiceAt <= at).length;
    if (told.length * 2 < served) return [];
    const sum = (of: (point: LoadPoint) => number): number => told.reduce((total, point) => total + of(point), 0);
    const share = Math.max(1, served / told.length);
    const requests = sum((point) => point.requests);
    return [
      {
        at,
        requests: requests * share,
        successes: sum((point) => point.successes) * share,
        responseSeconds: requests === 0 ? null : sum((point) => point.responseMs) / requests / 1_000,
        healthyHosts: served,
      },
    ];
  });
}
