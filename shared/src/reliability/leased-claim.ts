import { type RawBuilder, type SelectQueryBuilder, sql, type Transaction } from "kysely";
import type { Database } from "../database/connect.ts";
import type { JobsTable, Tables } from "../database/tables.ts";
import { failJob, LOST_WORKERS_SENTENCE } from "./fail-job.ts";
import { endOfLog, NO_PROGRESS } from "./running-log.ts";

/** A job in this worker's hands until its lease ends; every later write about it carries `attempt`. */
export interface JobClaim {
  readonly jobId: string;
  readonly userId: number;
  readonly attempt: number;
  /** Earlier attempts that failed for a reason which does not pass by itself. */
  readonly failures: number;
  readonly owner: string;
}

export interface ClaimOptions {
  readonly owner: string;
  readonly leaseSeconds: number;
  /** A worker whose last heartbeat is older than this is gone. */
  readonly goneAfterSeconds: number;
}

/** A worker that has missed as many heartbeats is gone. */
export const GONE_AFTER_BEATS = 3;
/** A job whose worker was lost that often has most likely ended its workers itself. */
const MAX_LOST_WORKERS = 4;
const USERS_LOOKED_AT = 20;
/** More workers than that may look at once and leave a job to a later message or sweep. */
const JOBS_LOOKED_AT = 100;
const LOST_AT_ONCE = 50;

/**
 * Claims the job that is to run next: status RUNNING, attempt + 1, owner, lease. A message of the queue only says that
 * some job waits; which one is decided here:
 *
 * 1. a job whose worker was lost, before all newer ones;
 * 2. of the others, the oldest of the user who has the fewest running, and among those who was served longest ago.
 *
 * Undefined: nothing waits.
 *
 *     PENDING --claim--> RUNNING --finish--> COMPLETED | FAILED
 *        ^                  |
 *        +------------------+ released, or its worker is lost
 */
export async function claimNextJob(db: Database, options: ClaimOptions): Promise<JobClaim | undefined> {
  await releaseLostJobs(db, options.goneAfterSeconds);
  return db.transaction().execute(async (trx) => {
    const lost = await pick(trx, (query) => query.where("lostWorkers", ">", 0));
    if (lost !== undefined) return take(trx, lost, options);
    for (const userId of await usersInTurn(trx)) {
      const next = await pick(trx, (query) => query.where("userId", "=", userId));
      if (next !== undefined) return take(trx, next, options);
    }
    return undefined;
  });
}

interface Waiting {
  readonly id: string;
  readonly userId: number;
  readonly attempt: number;
  readonly failures: number;
}
type WaitingQuery = SelectQueryBuilder<Tables, "jobs", Waiting>;

/**
 * The oldest that nobody else is just claiming. Jobs are found without locks and locked by their keys alone: of two
 * locking searches by different indexes each could hold an entry that the other needs, and both would pass a job by
 * that then nobody claims.
 */
async function pick(
  trx: Transaction<Tables>,
  narrow: (query: WaitingQuery) => WaitingQuery,
): Promise<Waiting | undefined> {
  const waiting = trx
    .selectFrom("jobs")
    .select(["id", "userId", "attempt", "failures"])
    .where("status", "=", "PENDING")
    .where(isDue());
  const found = await narrow(waiting).orderBy("submittedAt").limit(JOBS_LOOKED_AT).execute();
  for (const { id } of found) {
    const locked = await waiting.where("id", "=", id).forUpdate().skipLocked().executeTakeFirst();
    if (locked !== undefined) return locked;
  }
  return undefined;
}

async function usersInTurn(trx: Transaction<Tables>): Promise<readonly number[]> {
  const { rows } = await sql<{ userId: number }>`
    select waiting.user_id
    from (select user_id, min(submitted_at) as since from jobs where status = 'PENDING' and ${isDue()}
      group by user_id) as waiting
    left join (select user_id, count(*) as jobs from jobs where status = 'RUNNING' group by user_id) as running
      on running.user_id = waiting.user_id
    order by coalesce(running.jobs, 0),
      (select max(started_at) from jobs where jobs.user_id = waiting.user_id),
      waiting.since
    limit ${sql.lit(USERS_LOOKED_AT)}`.execute(trx);
  return rows.map(({ userId }) => userId);
}

function isDue(): RawBuilder<boolean> {
  return sql<boolean>`(retry_at is null or retry_at <= utc_timestamp(3))`;
}

async function take(trx: Transaction<Tables>, job: Waiting, { owner, leaseSeconds }: ClaimOptions): Promise<JobClaim> {
  const attempt = job.attempt + 1;
  await trx
    .updateTable("jobs")
    .set({
      status: "RUNNING",
      attempt,
      owner,
      startedAt: sql<Date>`utc_timestamp(3)`,
      ...NO_PROGRESS,
      retryAt: null,
      leaseUntil: secondsFromNow(leaseSeconds),
    })
    .where("id", "=", job.id)
    .execute();
  return { jobId: job.id, userId: job.userId, attempt, failures: job.failures, owner };
}

/**
 * Makes the jobs of workers that are gone PENDING again: the lease is past, the worker's heartbeat has stopped, or its
 * instance has vanished. One that has lost too many workers ends as FAILED. Returns those that wait again. A worker
 * that was only out of touch loses nothing but the work of this attempt: what it writes later names an older one.
 */
export async function releaseLostJobs(
  db: Database,
  goneAfterSeconds: number,
): Promise<readonly { readonly jobId: string; readonly userId: number }[]> {
  return db.transaction().execute(async (trx) => {
    const lost = await trx
      .selectFrom("jobs")
      .select(["id", "userId", "attempt", "lostWorkers"])
      .where("status", "=", "RUNNING")
      .where(
        sql<boolean>`(lease_until is null or lease_until < utc_timestamp(3) or not exists (
          select 1 from workers where workers.instance_id = jobs.owner
          and workers.at > utc_timestamp(3) - interval ${Math.round(goneAfterSeconds * 1_000_000)} microsecond
          and coalesce(workers.victim_reason, '') <> 'vanished'))`,
      )
      .limit(LOST_AT_ONCE)
      .forUpdate()
      .skipLocked()
      .execute();
    const waiting: { jobId: string; userId: number }[] = [];
    for (const job of lost) {
      if (job.lostWorkers + 1 >= MAX_LOST_WORKERS) {
        const reason = `Its worker was lost ${MAX_LOST_WORKERS} times while it ran.`;
        await failJob(trx, job, { failure: LOST_WORKERS_SENTENCE, reason });
        continue;
      }
      await trx
        .updateTable("jobs")
        .set({
          status: "PENDING",
          owner: null,
          leaseUntil: null,
          ...NO_PROGRESS,
          lostWorkers: job.lostWorkers + 1,
        })
        .where("id", "=", job.id)
        .execute();
      waiting.push({ jobId: job.id, userId: job.userId });
    }
    return waiting;
  });
}

export interface Renewal {
  readonly leaseSeconds: number;
  readonly progressPercent?: number;
  /** The job's log so far, at most RUNNING_LOG_BYTES; undefined: as it was written last. */
  readonly log?: string | undefined;
}

/** Prolongs the lease. False: the job was taken over or deleted, stop working on it. */
export async function renewClaim(
  db: Database,
  claim: JobClaim,
  { leaseSeconds, progressPercent, log }: Renewal,
): Promise<boolean> {
  const result = await db
    .updateTable("jobs")
    .set({
      leaseUntil: secondsFromNow(leaseSeconds),
      ...(progressPercent === undefined ? {} : { progressPercent }),
      ...(log === undefined ? {} : { runningLog: log, runningLogAttempt: claim.attempt }),
    })
    .where("id", "=", claim.jobId)
    .where("status", "=", "RUNNING")
    .where("attempt", "=", claim.attempt)
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
}

/** Hands the job back: PENDING again, to be claimed at once, or after a pause. */
export async function releaseClaim(
  db: Database,
  claim: JobClaim,
  { retrySeconds, failures = claim.failures }: { readonly retrySeconds?: number; readonly failures?: number } = {},
): Promise<boolean> {
  const result = await db
    .updateTable("jobs")
    .set({
      status: "PENDING",
      owner: null,
      leaseUntil: null,
      ...NO_PROGRESS,
      failures,
      retryAt: retrySeconds === undefined ? null : secondsFromNow(retrySeconds),
    })
    .where("id", "=", claim.jobId)
    .where("status", "=", "RUNNING")
    .where("attempt", "=", claim.attempt)
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
}

export type JobResultColumns = Partial<
  Pick<JobsTable, "resultKey" | "logKey" | "resultSize" | "resultSha256" | "failure">
> & {
  readonly status: "COMPLETED" | "FAILED";
  readonly completedAt: Date;
  readonly summary?: string | null;
  /** Of a failed job, which has no other: its log as far as it came. */
  readonly log?: string;
};

/**
 * Writes the end of a job, in the caller's transaction. False when another attempt has the job: then the transaction
 * must be rolled back, for a late worker changes nothing.
 */
export async function finishClaim(
  trx: Database,
  claim: JobClaim,
  { log = "", ...result }: JobResultColumns,
): Promise<boolean> {
  const kept = log === "" ? {} : { runningLog: endOfLog(log), runningLogAttempt: claim.attempt };
  const updated = await trx
    .updateTable("jobs")
    .set({ ...result, owner: null, leaseUntil: null, ...NO_PROGRESS, ...kept, failures: 0, lostWorkers: 0 })
    .where("id", "=", claim.jobId)
    .where("status", "=", "RUNNING")
    .where("attempt", "=", claim.attempt)
    .executeTakeFirst();
  return updated.numUpdatedRows > 0n;
}

function secondsFromNow(seconds: number) {
  return sql<Date>`utc_timestamp(3) + interval ${Math.round(seconds * 1_000_000)} microsecond`;
}
