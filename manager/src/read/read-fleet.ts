import type { EC2Client } from "@aws-sdk/client-ec2";
import type { ElasticLoadBalancingV2Client } from "@aws-sdk/client-elastic-load-balancing-v2";
import { checkSecondsOf } from "@elastic-gas/scaling/check-seconds";
import { describePolicyState } from "@elastic-gas/scaling/describe-policy-state";
import { readState } from "@elastic-gas/scaling/policy-state";
import { POOLS } from "@elastic-gas/scaling/pools";
import { workerRules } from "@elastic-gas/scaling/worker-state";
import { type Instance, listInstances } from "@elastic-gas/shared/aws/instances";
import {
  type Balancer,
  findBalancer,
  listTargetHealth,
  type TargetHealth,
} from "@elastic-gas/shared/aws/load-balancer";
import { type Config, userAppUrl } from "@elastic-gas/shared/config";
import type { Database } from "@elastic-gas/shared/database/connect";
import type { Beat, WorkerRecord } from "@elastic-gas/shared/pools/worker-record";
import { listBeats, listWorkerRecords } from "@elastic-gas/shared/pools/workers";
import { POOL_NAMES, type PoolName, type Resources } from "@elastic-gas/shared/resources";
import { silenceOfAutoscaler } from "../model/alerts/installation-alerts.ts";
import { listAlerts } from "../model/alerts/list-alerts.ts";
import type { WaitingWork } from "../model/alerts/waiting-work.ts";
import { describeActivity } from "../model/decisions/occurrence.ts";
import { outcomeOf } from "../model/decisions/outcome.ts";
import type { DecisionRow } from "../model/decisions/records.ts";
import type { BackOff } from "../model/fleet/fleet-snapshot.ts";
import { countStates, type FleetSnapshot, type LastCheck, type PoolSnapshot } from "../model/fleet/fleet-snapshot.ts";
import { snapshotWorker, type WorkerSnapshot } from "../model/fleet/worker-snapshot.ts";
import { describeRule } from "../model/policy/describe-rule.ts";
import { listActivities, listLatestDecisions } from "./decisions.ts";
import { readLastDeletion } from "./deletion-progress.ts";
import { countDeadLetters, findAutoscalerLease, listFailedLaunches, listLacks } from "./fleet-queries.ts";
import { listPools, type PoolRow } from "./pools.ts";
import { readStopRequest } from "./stop-request.ts";
import type { Vitals } from "./vitals.ts";

export type FleetConfig = Pick<
  Config,
  | "WORKER_PRICE_CENTS_PER_HOUR"
  | "AWS_REGION"
  | "EMULATED_INSTANCES"
  | "LB_PORT"
  | "PREFIX"
  | "PUBLIC_HOST"
  | "PUBLIC_URL"
  | "TICK_SECONDS"
  | "FAST_TICK_SECONDS"
  | "RULE_MINUTE_SECONDS"
  | "METRIC_PERIOD_SECONDS"
  | "BOOT_DEADLINE_SECONDS"
  | "HEARTBEAT_SECONDS"
  | "DEREGISTRATION_DELAY_SECONDS"
  | "JOB_TIMEOUT_SECONDS"
  | "WAITING_ALERT_SECONDS"
  | "FREE_RETENTION_SECONDS"
  | "ARCHIVE_CHECK_SECONDS"
  | "DISPLAY_TIME_ZONE"
>;

export interface FleetDeps {
  readonly db: Database;
  readonly ec2: EC2Client;
  readonly elbv2: ElasticLoadBalancingV2Client;
  readonly resources: Resources;
  readonly config: FleetConfig;
}

/** What AWS said, at one instant. */
export interface CloudView {
  readonly seenAt: number;
  readonly instances: readonly Instance[];
  readonly health: readonly TargetHealth[];
  readonly balancer: Balancer | null;
  readonly balancerAt: number;
}

export interface CloudFailure {
  readonly since: number;
  readonly sentence: string;
}

const LATEST_SHOWN = 6;
const RECENT_MS = 24 * 3_600_000;
const FAILED_LAUNCHES_MS = 30 * 60_000;
/** A missing CPU point is named after this many metric periods, two of which CloudWatch itself may take. */
const CPU_PERIODS = 5;

/**
 * Names, ports and ARNs of the load balancer are asked for that seldom; which workers exist and how they are, each
 * time.
 */
const BALANCER_MAX_AGE_MS = 60_000;

export async function readCloud(
  { ec2, elbv2, resources }: FleetDeps,
  now: number,
  before: CloudView | null,
): Promise<CloudView> {
  const known = before !== null && before.balancer !== null && now - before.balancerAt < BALANCER_MAX_AGE_MS;
  const [instances, balancer] = await Promise.all([
    listInstances(ec2, resources.prefix, { ended: true }),
    known ? before.balancer : findBalancer(elbv2, resources),
  ]);
  const health = balancer === null ? [] : await listTargetHealth(elbv2, balancer.targetGroupArn);
  return { seenAt: now, instances, health, balancer, balancerAt: known ? before.balancerAt : now };
}

/**
 * Puts what AWS said and what MySQL holds together; every judgement about workers and alerts is made by pure functions.
 */
export async function readFleet(
  { db, config }: FleetDeps,
  view: {
    readonly now: number;
    readonly cloud: CloudView | null;
    readonly failure: CloudFailure | null;
    /** null before the first look, or when CloudWatch has not answered for long. */
    readonly vitals: Vitals | null;
    readonly waitingWork: readonly WaitingWork[];
  },
): Promise<FleetSnapshot> {
  const { now, cloud, failure } = view;
  const [records, pools, checks, activities, failedLaunches, deadLetters, lease, stop, deletion, beats, lacks] =
    await Promise.all([
      listWorkerRecords(db, { instanceIds: (cloud?.instances ?? []).map(({ id }) => id) }),
      listPools(db),
      listLatestDecisions(db),
      listActivities(db, { from: now - RECENT_MS, to: now + 60_000 }, 50),
      listFailedLaunches(db, now - FAILED_LAUNCHES_MS),
      countDeadLetters(db),
      findAutoscalerLease(db),
      readStopRequest(db),
      readLastDeletion(db),
      listBeats(db),
      listLacks(db),
    ]);
  const workers = snapshotWorkers({ config, cloud, records, beats, pools, now, vitals: view.vitals });
  const lastCheckAt = Math.max(0, ...[...checks.values()].map((check) => check.at)) || null;
  const letters = deadLetters.reduce((sum, each) => sum + each.count, 0);
  const poolSnapshots = pools.map((pool) => describePool(pool, workers, checks.get(pool.name), { config, letters }));
  return {
    at: now,
    cloud: { seenAt: cloud?.seenAt ?? null, failure: failure?.sentence ?? null },
    balancer: cloud?.balancer == null ? null : addressOf(cloud.balancer, config),
    autoscaler: {
      lastCheckAt,
      tickSeconds: config.TICK_SECONDS,
      holder: lease !== null && (lease.until ?? 0) > now ? lease.holder : null,
      alive: silenceOfAutoscaler(now, { lastCheckAt, tickSeconds: config.TICK_SECONDS }) === null,
    },
    pools: poolSnapshots,
    workers,
    alerts: listAlerts({
      now,
      tickSeconds: config.TICK_SECONDS,
      cloudFailure: failure,
      lastCheckAt,
      lease,
      pools: poolSnapshots,
      workers,
      failedLaunches,
      lacks,
      deadLetters,
      waitingWork: view.waitingWork,
      activities,
      lastCpuAt: view.vitals?.lastCpuAt ?? new Map<string, number | null>(),
      hostSaturation: view.vitals?.hostSaturation ?? null,
      timeZone: config.DISPLAY_TIME_ZONE,
      stopping: stop !== null,
      cpuMaxAgeMs: CPU_PERIODS * config.METRIC_PERIOD_SECONDS * 1000,
      deletionFailure: deletion?.failure == null ? null : { at: deletion.at, sentence: deletion.failure },
    }),
    latest: activities.slice(0, LATEST_SHOWN).map(describeActivity),
    stop,
    region: config.AWS_REGION,
    prefix: config.PREFIX,
    workerPriceCentsPerHour: config.WORKER_PRICE_CENTS_PER_HOUR,
  };
}

/** An emulator's balancer has a name that leads nowhere. */
function addressOf({ dnsName, url }: Balancer, config: FleetConfig): { dnsName: string; url: string } {
  return { dnsName, url: config.EMULATED_INSTANCES ? `${userAppUrl(config)}/` : url };
}

/** Ended workers included: charts still show them. */
function snapshotWorkers({
  config,
  cloud,
  records,
  beats,
  pools,
  now,
  vitals,
}: {
  readonly config: FleetConfig;
  readonly cloud: CloudView | null;
  readonly records: readonly WorkerRecord[];
  readonly beats: readonly Beat[];
  readonly pools: readonly PoolRow[];
  readonly now: number;
  readonly vitals: Vitals | null;
}): readonly WorkerSnapshot[] {
  if (cloud === null) return [];
  const targets = new Map(cloud.health.map((target) => [target.instanceId, target]));
  const recordOf = new Map(records.map((record) => [record.instanceId, record]));
  const observedAt = new Map(pools.map((pool) => [pool.name, pool.observedAt]));
  return cloud.instances.map((instance) =>
    snapshotWorker(
      {
        instance,
        target: targets.get(instance.id),
        record: recordOf.get(instance.id),
        beats,
        load: vitals?.loads.get(instance.id),
      },
      workerRules(instance.pool, config),
      // What AWS said is as old as its last answer.
      { now: Math.min(now, cloud.seenAt), observedAt: observedAt.get(instance.pool) ?? null },
    ),
  );
}

function describePool(
  pool: PoolRow,
  workers: readonly WorkerSnapshot[],
  check: DecisionRow | undefined,
  { config, letters }: { readonly config: FleetConfig; readonly letters: number },
): PoolSnapshot {
  const tickSeconds = checkSecondsOf(pool.policy.kind, config);
  return {
    name: pool.name,
    desired: pool.desired,
    min: pool.min,
    max: pool.max,
    policyKind: pool.policy.kind,
    rule: describeRule(pool.policy),
    policyVersion: pool.policyVersion,
    counts: countStates(workers.filter((worker) => worker.pool === pool.name)),
    paused: pool.paused,
    stopping: pool.stopping,
    manualUntil: pool.manualUntil,
    lastCheck: check === undefined ? null : describeCheck(check),
    nextCheckAt: check === undefined ? null : check.at + tickSeconds * 1000,
    backOff: backOffOf(pool, { tickSeconds, timeScale: config.RULE_MINUTE_SECONDS / 60 }),
    deadLetters: POOLS[pool.name].handlesDeadLetters ? letters : 0,
  };
}

/** Null while the back-off is off, or has nothing to say. */
function backOffOf(pool: PoolRow, pace: { readonly tickSeconds: number; readonly timeScale: number }): BackOff | null {
  const items = describePolicyState(readState(pool.policyState), pool.policy, pace);
  const found = items.find((item) => item.kind === "back-off");
  if (found === undefined || found.level === 0) return null;
  return { level: found.level, checks: found.checks, flapMinutes: found.flapMinutes };
}

function describeCheck(check: DecisionRow): LastCheck {
  const { facts } = check;
  return {
    at: check.at,
    outcome: outcomeOf(check),
    text: check.reason,
    reason: facts.reason ?? null,
    blockedBy: facts.blockedBy ?? null,
    measured: check.measured,
    unit: facts.unit ?? null,
    waiting: facts.waiting ?? null,
    backlogPerWorker: facts.backlogPerWorker ?? null,
    wanted: facts.wanted ?? null,
    desired: check.desiredAfter,
    policyVersion: check.policyVersion,
    counts: {
      inService: check.inService,
      warming: check.warming,
      pending: check.pending,
      draining: check.draining,
    },
  };
}

/** For pages that are asked about a pool which may not exist yet. */
export function poolOf(fleet: FleetSnapshot, name: PoolName): PoolSnapshot | undefined {
  return fleet.pools.find((pool) => pool.name === name);
}

/** The first pool when the asked one is none of ours. */
export function choosePool(asked: unknown): PoolName {
  return POOL_NAMES.find((name) => name === asked) ?? POOL_NAMES[0];
}
