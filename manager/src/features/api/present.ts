import type { z } from "zod";
import type { ChartSnapshot } from "../../model/charts/chart-snapshot.ts";
import type { Series } from "../../model/charts/series.ts";
import { outcomeOf } from "../../model/decisions/outcome.ts";
import { type ActivityRow, type DecisionRow, sentenceOf } from "../../model/decisions/records.ts";
import type { Alert } from "../../model/fleet/alert.ts";
import { describeCheck, type FleetSnapshot, type PoolSnapshot } from "../../model/fleet/fleet-snapshot.ts";
import { describeWhy, type WorkerSnapshot } from "../../model/fleet/worker-snapshot.ts";
import { describeDifference } from "../../model/policy/differences.ts";
import type { PolicyVersion } from "../../model/policy/policy-version.ts";
import type { Reader } from "../../model/reader.ts";
import type { ReleasesPage, ShownUpdate } from "../../read/releases.ts";
import type {
  ApiActivity,
  ApiAlert,
  ApiCharts,
  ApiDecision,
  ApiPolicyVersion,
  ApiPool,
  ApiReleases,
  ApiSeries,
  ApiStatus,
  ApiWorker,
} from "./schemas.ts";

/** Snapshots as the API gives them: instants as ISO text, nothing that only pages need. */
export function presentPool(pool: PoolSnapshot, reader: Reader): z.infer<typeof ApiPool> {
  const { name, desired, min, max, counts, policyKind, policyVersion, rule, stopping, lastCheck } = pool;
  return {
    name,
    desired,
    min,
    max,
    counts,
    policyKind,
    policyVersion,
    rule,
    paused: pool.paused === null ? null : { by: pool.paused.by, at: iso(pool.paused.at) },
    stopping,
    manualUntil: isoOrNull(pool.manualUntil),
    lastCheck:
      lastCheck === null
        ? null
        : {
            at: iso(lastCheck.at),
            outcome: lastCheck.outcome,
            sentence: describeCheck(lastCheck, reader),
            measured: lastCheck.measured,
          },
    nextCheckAt: isoOrNull(pool.nextCheckAt),
  };
}

export function presentWorker(worker: WorkerSnapshot, reader: Reader): z.infer<typeof ApiWorker> {
  const { leaving: _, reason: __, newer: ___, launchedAt, inServiceAt, ...rest } = worker;
  const why = describeWhy(worker, reader);
  return { ...rest, why, launchedAt: iso(launchedAt), inServiceAt: isoOrNull(inServiceAt) };
}

export function presentAlert({ id, tone, pool, start, text, remedy, at }: Alert): z.infer<typeof ApiAlert> {
  return { id, tone, pool, sentence: `${start} ${text}`, remedy, since: iso(at) };
}

export function presentStatus(fleet: FleetSnapshot, reader: Reader): z.infer<typeof ApiStatus> {
  const { autoscaler } = fleet;
  return {
    at: iso(fleet.at),
    url: fleet.balancer?.url ?? null,
    autoscaler: {
      ticking: autoscaler.alive,
      lastCheckAt: isoOrNull(autoscaler.lastCheckAt),
      tickSeconds: autoscaler.tickSeconds,
    },
    cloudFailure: fleet.cloud.failure,
    stopping: fleet.stop !== null,
    pools: fleet.pools.map((pool) => presentPool(pool, reader)),
    alerts: fleet.alerts.map(presentAlert),
  };
}

/** `older` holds the version before it, which the difference is told against. */
export function presentVersion(
  version: PolicyVersion,
  older: PolicyVersion | undefined,
): z.infer<typeof ApiPolicyVersion> {
  const { actor, at, limits, policy } = version;
  return {
    version: version.version,
    at: iso(at),
    actor,
    difference: describeDifference(older, version),
    policy,
    limits,
  };
}

export function presentDecision(row: DecisionRow, reader: Reader): z.infer<typeof ApiDecision> {
  const { id, pool, desiredBefore, desiredAfter, inService, measured, policyVersion } = row;
  return {
    id,
    pool,
    at: iso(row.at),
    outcome: outcomeOf(row),
    desiredBefore,
    desiredAfter,
    inService,
    measured,
    policyVersion,
    reason: sentenceOf(row, reader),
  };
}

export function presentActivity(row: ActivityRow): z.infer<typeof ApiActivity> {
  const { id, pool, cause, actor, desiredBefore, desiredAfter, reason, instanceIds, status, result } = row;
  return {
    id,
    pool,
    at: iso(row.at),
    cause,
    actor,
    desiredBefore,
    desiredAfter,
    reason,
    instanceIds: [...instanceIds],
    status,
    result,
    finishedAt: isoOrNull(row.finishedAt),
  };
}

export function presentCharts(charts: ChartSnapshot): z.infer<typeof ApiCharts> {
  const isWeb = charts.workerMeasure === "requests";
  return {
    pool: charts.pool,
    from: iso(charts.span.from),
    to: iso(charts.span.to),
    workers: charts.steps.map(({ at, counts }) => ({ at: iso(at), counts })),
    cpuPercent: presentSeries(charts.cpu),
    requestsPerMinute: charts.traffic === null ? null : presentSeries(charts.traffic.requests),
    responseMs: charts.traffic === null ? null : presentSeries(charts.traffic.responseMs),
    waitingJobs: charts.queue === null ? null : presentSeries(charts.queue.waiting),
    byWorker: charts.workers.map((worker) => ({
      id: worker.id,
      cpuPercent: presentSeries(worker.cpu),
      requestsPerMinute: isWeb && worker.work !== null ? presentSeries(worker.work) : null,
    })),
  };
}

function presentSeries({ start, stepMs, values }: Series): z.infer<typeof ApiSeries> {
  return { start: iso(start), periodSeconds: stepMs / 1000, values: [...values] };
}

function iso(at: number): string {
  return new Date(at).toISOString();
}

function isoOrNull(at: number | null): string | null {
  return at === null ? null : iso(at);
}

export function presentReleases({ current, releases, active, past }: ReleasesPage): z.infer<typeof ApiReleases> {
  const update = ({ from, to, state, startedBy, startedAt, finishedAt, why }: ShownUpdate) => ({
    ...{ from, to, state, startedBy, why },
    startedAt: iso(startedAt),
    finishedAt: isoOrNull(finishedAt),
  });
  return {
    current,
    releases: releases.map((each) => ({ ...each, publishedAt: iso(each.publishedAt) })),
    active: active === null ? null : { ...update(active), pools: [...active.pools] },
    past: past.map(update),
  };
}
