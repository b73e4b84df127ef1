import { readInterruption } from "@elastic-gas/shared/aws/interruption";
import type { Config } from "@elastic-gas/shared/config";
import { type Beat, unbrokenGapMs, type WorkerRecord } from "@elastic-gas/shared/pools/worker-record";
import type { PoolName } from "@elastic-gas/shared/resources";
import { POOLS } from "./pools.ts";
import { EndCause, readFault, type WorkerFault, type WorkerReason } from "./worker-state-reason.ts";

/** What EC2 says of an instance with our tags. Instants are epoch milliseconds. */
export interface InstanceFacts {
  readonly id: string;
  readonly state: "pending" | "running" | "shutting-down" | "terminated" | "stopping" | "stopped";
  readonly launchedAt: number;
  readonly subnetId: string | null;
  readonly releaseId: string | null;
  /** Why EC2 ended it, in EC2's words. */
  readonly stateReason: string | null;
}

/** What the load balancer says of a target: AWS's word for its state, the reason code and AWS's sentence. */
export interface TargetFacts {
  readonly state: string;
  readonly reason: string | null;
  readonly description: string | null;
}

/** Everything that is known of one worker, from its three sources. */
export interface WorkerFacts {
  readonly instance: InstanceFacts;
  readonly target: TargetFacts | undefined;
  readonly record: WorkerRecord | undefined;
  /**
   * All workers' heartbeats, of every pool, where one is silent (`isSilent`): without them a balanced worker's own
   * silence proves nothing.
   */
  readonly beats?: readonly Beat[];
}

export interface WorkerRules {
  /** Judged by its target's health; otherwise by its heartbeat. */
  readonly balanced: boolean;
  readonly bootDeadlineMs: number;
  readonly heartbeatMs: number;
  /** A heartbeat older than this counts as none. */
  readonly heartbeatMaxAgeMs: number;
  readonly drainDeadlineMs: number;
}

/** So many heartbeats in a row may be missing: 60 s at the default of 10 s between two. */
export const MISSED_HEARTBEATS = 6;

/** A worker behind the load balancer that could not use the database for so long, while others could, is unhealthy. */
const WITHOUT_DATABASE_MS = 30_000;

/**
 * pending (booting) -> warming (registered, not healthy yet) -> in service <-> unhealthy
 *       any of them -> draining (chosen to end) -> terminating -> terminated
 */
export type WorkerState =
  | "pending"
  | "warming"
  | "in service"
  | "unhealthy"
  | "draining"
  | "terminating"
  | "terminated";

export interface Worker {
  readonly id: string;
  readonly state: WorkerState;
  readonly reason: WorkerReason;
  readonly launchedAt: number;
  readonly subnetId: string | null;
  /** What it runs; null when its instance does not tell. */
  readonly releaseId: string | null;
  /** EC2 runs it, so that it may be registered. */
  readonly running: boolean;
  /** Known to the target group and not draining there. */
  readonly registered: boolean;
  readonly inServiceAt: number | null;
  readonly unhealthySince: number | null;
  readonly busy: boolean | null;
  readonly protected: boolean;
  /** Somebody asked to end it and nothing was done yet. */
  readonly request: EndCause | null;
  /** It has finished what it had: it may be terminated. */
  readonly drained: boolean;
}

/** What has ended needs no rules. */
const ENDED: WorkerRules = {
  balanced: false,
  bootDeadlineMs: 0,
  heartbeatMs: 0,
  heartbeatMaxAgeMs: 0,
  drainDeadlineMs: 0,
};

export function workerRules(
  pool: PoolName,
  config: Pick<
    Config,
    "HEARTBEAT_SECONDS" | "BOOT_DEADLINE_SECONDS" | "DEREGISTRATION_DELAY_SECONDS" | "JOB_TIMEOUT_SECONDS"
  >,
): WorkerRules {
  const { balanced } = POOLS[pool];
  const drainSeconds = balanced ? config.DEREGISTRATION_DELAY_SECONDS + 30 : config.JOB_TIMEOUT_SECONDS + 60;
  return {
    balanced,
    bootDeadlineMs: config.BOOT_DEADLINE_SECONDS * 1_000,
    heartbeatMs: config.HEARTBEAT_SECONDS * 1_000,
    heartbeatMaxAgeMs: MISSED_HEARTBEATS * config.HEARTBEAT_SECONDS * 1_000,
    drainDeadlineMs: drainSeconds * 1_000,
  };
}

/** Puts together what the three sources say of one worker: what the autoscaler acts on and what the pages show. */
export function describeWorker(facts: WorkerFacts, rules: WorkerRules, now: number): Worker {
  const { instance, target, record } = facts;
  const [state, judged] = judge(facts, rules, now);
  const reason = interruptionOf(state, record) ?? judged;
  return {
    id: instance.id,
    state,
    reason,
    launchedAt: instance.launchedAt,
    subnetId: instance.subnetId,
    releaseId: instance.releaseId,
    running: instance.state === "running",
    registered: target !== undefined && !isLeaving(target),
    inServiceAt: record?.inServiceAt ?? null,
    unhealthySince: record?.unhealthySince ?? null,
    busy: rules.balanced || record?.heartbeatAt == null ? null : record.jobId !== null,
    protected: record?.protected ?? false,
    request: record?.draining === true ? null : readCause(record),
    drained: state === "draining" && isDrained(facts, rules, now),
  };
}

/** The worker as it is from now on: chosen to end, it finishes what it has. */
export function chosenToEnd(
  worker: Worker,
  { cause, because }: { readonly cause: EndCause; readonly because: WorkerFault | null },
): Worker {
  const finishes = worker.busy === null ? "requests" : worker.busy ? "job" : "message";
  return { ...worker, state: "draining", reason: { kind: "draining", cause, because, finishes } };
}

/** A worker whose instance is gone: only its row tells of it. */
export function endedWorker(record: WorkerRecord): Worker {
  const instance = {
    id: record.instanceId,
    state: "terminated",
    launchedAt: 0,
    subnetId: null,
    releaseId: record.releaseId,
    stateReason: null,
  } as const;
  return describeWorker({ instance, target: undefined, record }, ENDED, 0);
}

/** Whatever else is true of a worker that nobody ends yet: EC2 does. */
function interruptionOf(state: WorkerState, record: WorkerRecord | undefined): WorkerReason | null {
  if (state === "draining" || state === "terminating" || state === "terminated") return null;
  const interruption = readInterruption(record?.interruption ?? null);
  return interruption === null ? null : { kind: "interruption", ...interruption };
}

type Judgement = readonly [WorkerState, WorkerReason];

function judge(facts: WorkerFacts, rules: WorkerRules, now: number): Judgement {
  const { instance, record } = facts;
  const ending = { cause: readCause(record), because: readFault(record?.endedFor) };
  if (instance.state === "terminated")
    return ["terminated", { kind: "terminated", ...ending, said: instance.stateReason }];
  if (instance.state === "shutting-down")
    return ["terminating", { kind: "terminating", ...ending, said: instance.stateReason }];
  if (record?.draining === true) {
    const finishes = rules.balanced ? "requests" : record.jobId === null ? "message" : "job";
    return ["draining", { kind: "draining", ...ending, finishes }];
  }
  if (instance.state === "stopping" || instance.state === "stopped") return ["draining", { kind: "stopped" }];
  const booting = bootReason(instance, rules, now);
  if (instance.state === "pending") return ["pending", booting];
  return rules.balanced ? judgeTarget(facts, rules, booting, now) : judgeHeartbeat(record, booting, rules, now);
}

function judgeTarget(
  { target, record, beats = [] }: WorkerFacts,
  rules: WorkerRules,
  booting: WorkerReason,
  now: number,
): Judgement {
  const served = record?.inServiceAt != null;
  const since = record?.unhealthySince ?? now;
  if (target === undefined || target.state === "unused")
    return served ? ["unhealthy", { kind: "not registered", since }] : ["pending", booting];
  if (isLeaving(target)) return served ? ["unhealthy", { kind: "deregistered", since }] : ["pending", booting];
  if (target.state === "healthy") {
    const lostAt = served ? databaseLostAt(record, beats, rules, now) : null;
    return lostAt === null ? ["in service", { kind: "healthy" }] : ["unhealthy", { kind: "without database", lostAt }];
  }
  const health = { code: target.reason, description: target.description };
  if (served) return ["unhealthy", { kind: "failing checks", since, health }];
  // Never in service yet: it still starts, which its deadline ends, not the health check.
  return ["warming", booting.kind === "overdue" ? booting : { kind: "first checks", health }];
}

/**
 * The worker's last heartbeat, when it has missed its heartbeats for 30 s in which another worker wrote all of its own.
 * Null while nobody else could write them either: then the database is away, and no new worker would help.
 */
function databaseLostAt(record: WorkerRecord, beats: readonly Beat[], rules: WorkerRules, now: number): number | null {
  if (!isSilent(record, rules, now)) return null;
  const { heartbeatMs } = rules;
  const provesLoss = ({ instanceId: other, at, since }: Beat): boolean =>
    other !== record.instanceId &&
    now - at <= unbrokenGapMs(heartbeatMs) &&
    now - since > WITHOUT_DATABASE_MS + heartbeatMs;
  return beats.some(provesLoss) ? record.heartbeatAt : null;
}

/** Whether a worker has missed its heartbeats for so long that those of others must tell what it means. */
export function isSilent(
  { heartbeatAt }: Pick<WorkerRecord, "heartbeatAt">,
  { heartbeatMs }: Pick<WorkerRules, "heartbeatMs">,
  now: number,
): boolean {
  return heartbeatAt !== null && now - heartbeatAt > WITHOUT_DATABASE_MS + heartbeatMs;
}

function judgeHeartbeat(
  record: WorkerRecord | undefined,
  booting: WorkerReason,
  { heartbeatMaxAgeMs }: WorkerRules,
  now: number,
): Judgement {
  const beatAt = record?.heartbeatAt ?? null;
  if (beatAt === null) return ["pending", booting];
  if (now - beatAt > heartbeatMaxAgeMs) return ["unhealthy", { kind: "silent", beatAt }];
  const jobId = record?.jobId ?? null;
  return ["in service", jobId === null ? { kind: "idle" } : { kind: "runs job", jobId }];
}

function bootReason({ launchedAt }: InstanceFacts, { bootDeadlineMs }: WorkerRules, now: number): WorkerReason {
  const deadlineAt = launchedAt + bootDeadlineMs;
  return now > deadlineAt ? { kind: "overdue", afterMs: bootDeadlineMs } : { kind: "booting", deadlineAt };
}

function isLeaving(target: TargetFacts): boolean {
  return target.state === "draining" || target.state === "unhealthy.draining";
}

/** Whether nothing is lost when the instance is terminated now. */
function isDrained({ target, record }: WorkerFacts, rules: WorkerRules, now: number): boolean {
  const since = record?.drainingAt ?? null;
  if (since !== null && now - since > rules.drainDeadlineMs) return true;
  if (rules.balanced) return target === undefined || target.state === "unused";
  const beat = record?.heartbeatAt ?? null;
  if (beat === null || now - beat > rules.heartbeatMaxAgeMs) return true;
  // The first beat after the flag may have been written before the worker read it: a job may have begun in between. The
  // next one cannot.
  return since !== null && beat > since + rules.heartbeatMs && record?.jobId === null;
}

/** Rows of earlier versions say `vanished`. */
function readCause(record: WorkerRecord | undefined): EndCause | null {
  const stored = record?.victimReason ?? null;
  if (stored === null) return null;
  return EndCause.safeParse(stored === "vanished" ? "lost" : stored).data ?? null;
}
