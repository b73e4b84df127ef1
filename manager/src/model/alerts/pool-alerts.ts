import { formatCountOf } from "@elastic-gas/shared/format/numbers";
import type { Alert } from "../fleet/alert.ts";
import { describeCheck, type PoolSnapshot, saidAt } from "../fleet/fleet-snapshot.ts";
import { describeWhy, type WorkerSnapshot } from "../fleet/worker-snapshot.ts";
import type { AlertFacts } from "./alert-facts.ts";

const LAUNCH_FAILURES = 2;
/** From here on the autoscaler tries one worker at a time, with growing pauses. */
const LAUNCH_FAILING = 3;

/** What keeps one pool from being what it should be. */
export function poolAlerts(pool: PoolSnapshot, facts: AlertFacts): readonly Alert[] {
  return [
    launchAlert(pool, facts),
    unhealthyAlert(pool, facts),
    noDataAlert(pool, facts),
    limitAlert(pool, facts),
    pausedAlert(pool),
  ].filter((alert) => alert !== null);
}

function launchAlert({ name }: PoolSnapshot, { failedLaunches }: AlertFacts): Alert | null {
  const failures = failedLaunches.filter((launch) => launch.pool === name);
  const [latest] = failures;
  if (latest === undefined || failures.length < LAUNCH_FAILURES) return null;
  const failing = failures.length >= LAUNCH_FAILING;
  return {
    id: `launch-${name}`,
    tone: "bad",
    pool: name,
    start: `${name}: ${failing ? "launch failing, " : ""}${formatCountOf(failures.length, "launch", "launches")} failed in a row.`,
    text: `${latest.failure.replace(/[.\s]+$/, "")}.`,
    remedy: failing
      ? "One worker at a time is tried, with growing pauses; the pool counts none of them as capacity. Look at the worker's console output, and at the capacity of the machine or the quota of the account."
      : "The next try goes to another zone. If it fails too, look at the worker's console output and at the capacity of the machine.",
    at: latest.at,
    link: { href: `/decisions?pool=${name}`, text: "Decisions" },
  };
}

function unhealthyAlert({ name }: PoolSnapshot, facts: AlertFacts): Alert | null {
  const { workers, now } = facts;
  const ours = workers.filter((worker) => worker.pool === name);
  const unhealthy = ours.filter((worker) => worker.state === "unhealthy");
  if (unhealthy.length === 0) return null;
  const serving = ours.filter((worker) => worker.state === "in service" || worker.state === "unhealthy");
  const shared = {
    tone: "bad",
    pool: name,
    at: now,
    link: { href: `/workers?pool=${name}&filter=unhealthy`, text: "Workers" },
  } as const;
  if (serving.length > 1 && unhealthy.length * 2 > serving.length) {
    return {
      ...shared,
      id: `mass-${name}`,
      start: `${name}: ${unhealthy.length} of ${formatCountOf(serving.length, "worker")} unhealthy, so none is replaced.`,
      text: `That many at once point to overload or a shared cause, not to broken workers. ${whys(unhealthy, facts)}`,
      remedy: `Check what they share: MySQL, S3, the last release, the machine. Grow ${name} manually if it is the load. Left alone, one at a time is replaced after the boot deadline.`,
    };
  }
  return {
    ...shared,
    id: `unhealthy-${name}`,
    start: `${name}: ${formatCountOf(unhealthy.length, "worker")} unhealthy.`,
    text: whys(unhealthy, facts),
    remedy: "It is replaced when it stays so for the grace period. Its console output shows what it does.",
  };
}

function whys(workers: readonly WorkerSnapshot[], reader: AlertFacts): string {
  return workers.map((worker) => `${worker.id}: ${describeWhy(worker, reader)}.`).join(" ");
}

function noDataAlert(pool: PoolSnapshot, facts: AlertFacts): Alert | null {
  const { name, lastCheck } = pool;
  if (lastCheck?.outcome !== "no data") return null;
  return {
    id: `no-data-${name}`,
    tone: "warn",
    pool: name,
    start: `${name}:`,
    text: `${saidAt(pool, facts)}${describeCheck(lastCheck, facts)}`,
    remedy:
      "Check whether CloudWatch answers and whether the workers publish: the console output of one shows it. Lost workers are still replaced, and the buttons work.",
    at: lastCheck.at,
    link: { href: `/decisions?pool=${name}`, text: "Decisions" },
  };
}

function limitAlert(pool: PoolSnapshot, facts: AlertFacts): Alert | null {
  const { name, desired, max, policyVersion, lastCheck } = pool;
  if (lastCheck?.outcome !== "at the limit" || (lastCheck.wanted ?? 0) <= max) return null;
  // The pool got another maximum, or was made smaller, since: the next check tells.
  if (lastCheck.policyVersion !== policyVersion || desired < lastCheck.desired) return null;
  return {
    id: `limit-${name}`,
    tone: "warn",
    pool: name,
    start: `${name}:`,
    text: `${saidAt(pool, facts)}${describeCheck(lastCheck, facts)}`,
    remedy: "Raise the maximum if the machine or the quota allows more workers.",
    at: lastCheck.at,
    link: { href: `/policy/${name}`, text: "Policy" },
  };
}

function pausedAlert({ name, paused }: PoolSnapshot): Alert | null {
  if (paused === null) return null;
  return {
    id: `paused-${name}`,
    tone: "warn",
    pool: name,
    start: `${name} is paused`,
    text: `by ${paused.by}. Lost workers are still replaced.`,
    remedy:
      "Resume it on the page Pools when there is no more reason for it: until then nothing grows or shrinks by itself.",
    at: paused.at,
    link: { href: `/?pool=${name}`, text: "Pools" },
  };
}
