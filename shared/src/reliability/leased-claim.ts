import { sql } from "kysely";
import type { Database } from "../database/connect.ts";
import type { JobsTable } from "../database/tables.ts";

/** A job in this worker's hands until `leaseUntil`; every later write about it carries `attempt`. */
export interface JobClaim {
  readonly jobId: string;
  readonly attempt: number;
  readonly owner: string;
}

export type ClaimOutcome =
  | { readonly kind: "claimed"; readonly claim: JobClaim }
  /** Another worker holds it; try again after its lease. */
  | { readonly kind: "held"; readonly leaseUntil: Date }
  /** Nothing to do: finished, or deleted. */
  | { readonly kind: "over" };

/**
 * Claims a job: status RUNNING, attempt + 1, owner, lease. A PENDING job and a RUNNING one whose lease is past may be taken; the outcome says which case it was.
 *
 *     PENDING --claim--> RUNNING --finish--> COMPLETED | FAILED
 *                          |  ^
 *                          +--+ claim again, after the lease
 */
export async function claimJob(
  db: Database,
  { jobId, owner, leaseSeconds }: { readonly jobId: string; readonly owner: string; readonly leaseSeconds: number },
): Promise<ClaimOutcome> {
  return db.transaction().execute(async (trx) => {
    const job = await trx
      .selectFrom("jobs")
      .select(["status", "attempt", "leaseUntil", sql<number>`lease_until >= utc_timestamp(3)`.as("leased")])
      .where("id", "=", jobId)
      .forUpdate()
      .executeTakeFirst();
    if (job === undefined || job.status === "COMPLETED" || job.status === "FAILED") return { kind: "over" };
    if (job.status === "RUNNING" && job.leaseUntil !== null && Number(job.leased) === 1) {
      return { kind: "held", leaseUntil: job.leaseUntil };
    }
    const attempt = job.attempt + 1;
    await trx
      .updateTable("jobs")
      .set({
        status: "RUNNING",
        attempt,
        owner,
        startedAt: new Date(),
        progressPercent: null,
        leaseUntil: leaseEnd(leaseSeconds),
      })
      .where("id", "=", jobId)
      .execute();
    return { kind: "claimed", claim: { jobId, attempt, owner } };
  });
}

/** Prolongs the lease. False: the job was taken over or deleted, stop working on it. */
export async function renewClaim(
  db: Database,
  claim: JobClaim,
  { leaseSeconds, progressPercent }: { readonly leaseSeconds: number; readonly progressPercent?: number },
): Promise<boolean> {
  const result = await db
    .updateTable("jobs")
    .set({ leaseUntil: leaseEnd(leaseSeconds), ...(progressPercent === undefined ? {} : { progressPercent }) })
    .where("id", "=", claim.jobId)
    .where("status", "=", "RUNNING")
    .where("attempt", "=", claim.attempt)
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
}

/** Hands the job back (the worker drains): PENDING again, so that the next worker need not wait for the lease. */
export async function releaseClaim(db: Database, claim: JobClaim): Promise<boolean> {
  const result = await db
    .updateTable("jobs")
    .set({ status: "PENDING", owner: null, leaseUntil: null, progressPercent: null })
    .where("id", "=", claim.jobId)
    .where("status", "=", "RUNNING")
    .where("attempt", "=", claim.attempt)
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
}

export type JobResultColumns = Partial<
  Pick<JobsTable, "resultKey" | "logKey" | "resultSize" | "resultSha256" | "failure">
> & { readonly status: "COMPLETED" | "FAILED"; readonly completedAt: Date; readonly summary?: string | null };

/**
 * Writes the end of a job, in the caller's transaction. False when another attempt has the job: then the transaction must be rolled back, for a late worker
 * changes nothing.
 */
export async function finishClaim(trx: Database, claim: JobClaim, result: JobResultColumns): Promise<boolean> {
  const updated = await trx
    .updateTable("jobs")
    .set({ ...result, owner: null, leaseUntil: null, progressPercent: null })
    .where("id", "=", claim.jobId)
    .where("status", "=", "RUNNING")
    .where("attempt", "=", claim.attempt)
    .executeTakeFirst();
  return updated.numUpdatedRows > 0n;
}

function leaseEnd(leaseSeconds: number) {
  return sql<Date>`utc_timestamp(3) + interval ${Math.round(leaseSeconds * 1_000_000)} microsecond`;
}
