import type { PoolName } from "@elastic-gas/shared/resources";
import type { ActivityRow } from "../decisions/queries.ts";
import type { DeadLetterCount, FailedLaunch } from "../fleet/queries.ts";
import type { PoolSnapshot } from "../fleet/snapshot.ts";
import type { WorkerSnapshot } from "../fleet/worker-state.ts";
import { count, duration } from "../markup/words.ts";

/** Something that a person should look at. The start is shown in bold. */
export interface Alert {
  readonly id: string;
  readonly tone: "bad" | "warn" | "info";
  readonly pool: PoolName | null;
  readonly start: string;
  readonly text: string;
  /** Since when, epoch milliseconds. */
  readonly at: number;
  readonly link: { readonly href: string; readonly text: string } | null;
}

export interface AlertFacts {
  readonly now: number;
  readonly tickSeconds: number;
  readonly cloudFailure: { readonly since: number; readonly sentence: string } | null;
  readonly lastCheckAt: number | null;
  readonly pools: readonly PoolSnapshot[];
  readonly workers: readonly WorkerSnapshot[];
  readonly failedLaunches: readonly FailedLaunch[];
  readonly deadLetters: readonly DeadLetterCount[];
  /** Of the last minutes. */
  readonly activities: readonly ActivityRow[];
  /** When each in-service worker last had a CPU point; a worker that is missing here is not watched. */
  readonly lastCpuAt: ReadonlyMap<string, number | null>;
  /** A worker without CPU data for longer than this is named. */
  readonly cpuMaxAgeMs: number;
  readonly deletionFailure: { readonly at: number; readonly sentence: string } | null;
}

/** More missed checks than this mean that the autoscaler does not tick. */
const MISSED_CHECKS = 3;
const REPLACED_SHOWN_MS = 15 * 60_000;
const LAUNCH_FAILURES = 2;

/** All alerts, worst first, then newest. */
export function listAlerts(facts: AlertFacts): readonly Alert[] {
  const alerts = [
    ...installationAlerts(facts),
    ...facts.pools.flatMap((pool) => poolAlerts(pool, facts)),
    ...replacedWorkers(facts),
    ...silentWorkers(facts),
    ...deadLetterAlerts(facts),
  ];
  return alerts.sort((a, b) => TONES.indexOf(a.tone) - TONES.indexOf(b.tone) || b.at - a.at);
}

const TONES: readonly Alert["tone"][] = ["bad", "warn", "info"];

/** Null while the autoscaler ticks, or before its first check. */
export function silenceOfAutoscaler(
  now: number,
  { lastCheckAt, tickSeconds }: { readonly lastCheckAt: number | null; readonly tickSeconds: number },
): number | null {
  if (lastCheckAt === null) return null;
  const silence = now - lastCheckAt;
  return silence > MISSED_CHECKS * tickSeconds * 1000 ? silence : null;
}

function installationAlerts(facts: AlertFacts): readonly Alert[] {
  const alerts: Alert[] = [];
  const silence = silenceOfAutoscaler(facts.now, facts);
  if (silence !== null) {
    alerts.push({
      id: "autoscaler",
      tone: "bad",
      pool: null,
      start: `The autoscaler has not ticked for ${duration(silence)}.`,
      text: "Pools keep their size; lost workers are not replaced.",
      at: facts.lastCheckAt ?? facts.now,
      link: { href: "/decisions", text: "Decisions" },
    });
  }
  if (facts.cloudFailure !== null) {
    alerts.push({
      id: "cloud",
      tone: "bad",
      pool: null,
      start: "AWS does not answer.",
      text: facts.cloudFailure.sentence,
      at: facts.cloudFailure.since,
      link: null,
    });
  }
  if (facts.deletionFailure !== null) {
    alerts.push({
      id: "deletion",
      tone: "warn",
      pool: null,
      start: "The last deletion stopped half-way.",
      text: facts.deletionFailure.sentence,
      at: facts.deletionFailure.at,
      link: { href: "/settings/delete", text: "Delete all data" },
    });
  }
  return alerts;
}

function poolAlerts(pool: PoolSnapshot, facts: AlertFacts): readonly Alert[] {
  const alerts: Alert[] = [];
  const failures = facts.failedLaunches.filter((launch) => launch.pool === pool.name);
  const [latest] = failures;
  if (latest !== undefined && failures.length >= LAUNCH_FAILURES) {
    alerts.push({
      id: `launch-${pool.name}`,
      tone: "bad",
      pool: pool.name,
      start: `${pool.name}: ${count(failures.length, "launch", "launches")} failed in a row.`,
      text: latest.failure,
      at: latest.at,
      link: { href: `/decisions?pool=${pool.name}`, text: "Decisions" },
    });
  }
  const unhealthy = facts.workers.filter((worker) => worker.pool === pool.name && worker.state === "unhealthy");
  if (unhealthy.length > 0) {
    alerts.push({
      id: `unhealthy-${pool.name}`,
      tone: "bad",
      pool: pool.name,
      start: `${pool.name}: ${count(unhealthy.length, "worker")} unhealthy.`,
      text: unhealthy.map((worker) => `${worker.id}: ${worker.why}.`).join(" "),
      at: facts.now,
      link: { href: `/workers?pool=${pool.name}&filter=unhealthy`, text: "Workers" },
    });
  }
  if (pool.lastCheck?.outcome === "no data") {
    alerts.push({
      id: `no-data-${pool.name}`,
      tone: "warn",
      pool: pool.name,
      start: `${pool.name}:`,
      text: pool.lastCheck.sentence,
      at: pool.lastCheck.at,
      link: { href: `/decisions?pool=${pool.name}`, text: "Decisions" },
    });
  }
  if (pool.paused !== null) {
    alerts.push({
      id: `paused-${pool.name}`,
      tone: "warn",
      pool: pool.name,
      start: `${pool.name} is paused`,
      text: `by ${pool.paused.by}. Lost workers are still replaced.`,
      at: pool.paused.at,
      link: { href: `/?pool=${pool.name}`, text: "Pools" },
    });
  }
  if (pool.lastCheck?.outcome === "at the limit" && (pool.lastCheck.wanted ?? 0) > pool.max) {
    alerts.push({
      id: `limit-${pool.name}`,
      tone: "warn",
      pool: pool.name,
      start: `${pool.name}:`,
      text: pool.lastCheck.sentence,
      at: pool.lastCheck.at,
      link: { href: `/policy/${pool.name}`, text: "Policy" },
    });
  }
  return alerts;
}

function replacedWorkers({ activities, now }: AlertFacts): readonly Alert[] {
  return activities
    .filter((activity) => activity.cause === "replacement" && now - activity.at <= REPLACED_SHOWN_MS)
    .map((activity) => ({
      id: `replaced-${activity.id}`,
      tone: activity.status === "failed" ? "bad" : "warn",
      pool: activity.pool,
      start: "Worker replaced:",
      text: activity.reason,
      at: activity.at,
      link: { href: `/decisions?pool=${activity.pool}&kind=replace#a${activity.id}`, text: "Decision" },
    }));
}

function silentWorkers({ workers, lastCpuAt, cpuMaxAgeMs, now }: AlertFacts): readonly Alert[] {
  const silent = workers.filter((worker) => {
    if (worker.state !== "in service" || !lastCpuAt.has(worker.id)) return false;
    const since = lastCpuAt.get(worker.id) ?? worker.inServiceAt ?? worker.launchedAt;
    return now - since > cpuMaxAgeMs;
  });
  const pools = [...new Set(silent.map((worker) => worker.pool))];
  return pools.map((pool) => {
    const ids = silent.filter((worker) => worker.pool === pool);
    return {
      id: `cpu-${pool}`,
      tone: "warn",
      pool,
      start: `${pool}: no CPU data from ${count(ids.length, "worker")}`,
      text: `(${ids.map((worker) => worker.id).join(", ")}). The mean uses the others.`,
      at: Math.min(...ids.map((worker) => lastCpuAt.get(worker.id) ?? worker.launchedAt)),
      link: { href: `/workers?pool=${pool}`, text: "Workers" },
    };
  });
}

function deadLetterAlerts({ deadLetters }: AlertFacts): readonly Alert[] {
  return deadLetters.map((letters) => ({
    id: `dead-${letters.queue}`,
    tone: "bad",
    pool: null,
    start: `${count(letters.count, "message")} of queue ${letters.queue} could not be handled.`,
    text: letters.outcome,
    at: letters.latestAt,
    link: { href: "/alerts", text: "Dead letters" },
  }));
}
