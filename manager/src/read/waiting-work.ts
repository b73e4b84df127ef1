import type { Config } from "@elastic-gas/shared/config";
import type { Database } from "@elastic-gas/shared/database/connect";
import { hasNoDeadLetter } from "@elastic-gas/shared/reliability/sweeps";
import { type RawBuilder, sql } from "kysely";
import type { WaitingKind, WaitingWork } from "../model/alerts/waiting-work.ts";

export type WaitingConfig = Pick<Config, "WAITING_ALERT_SECONDS" | "FREE_RETENTION_SECONDS" | "ARCHIVE_CHECK_SECONDS">;

/** What ends because something is away is tried again after 1, 2, 4, ... s: so many attempts are no single mishap. */
const PUT_OFF_ATTEMPTS = 4;

/**
 * What is undone for longer than WAITING_ALERT_SECONDS, one row for each kind that there is any of. What a person has
 * to decide about (a dead letter) is told of as such, not here.
 */
export async function listWaitingWork(db: Database, config: WaitingConfig): Promise<readonly WaitingWork[]> {
  const kinds = Object.entries(undoneOf(config)).map(
    ([kind, { since, from }]) => sql`select ${kind} as kind, count(*) as count, min(${since}) as since from ${from}`,
  );
  const { rows } = await sql<{ kind: WaitingKind; count: number; since: Date | null }>`
    ${sql.join(kinds, sql` union all `)}`.execute(db);
  return rows.flatMap(({ kind, count, since }) =>
    since === null ? [] : [{ kind, count: Number(count), since: since.getTime() }],
  );
}

interface Undone {
  /** When a row was due. */
  readonly since: RawBuilder<unknown>;
  /** Tables and `where`. */
  readonly from: RawBuilder<unknown>;
}

function undoneOf(config: WaitingConfig): Readonly<Record<WaitingKind, Undone>> {
  const late = config.WAITING_ALERT_SECONDS;
  const ago = (seconds: number) => sql`utc_timestamp(3) - interval ${Math.round(seconds)} second`;
  const retention = sql`interval ${Math.round(config.FREE_RETENTION_SECONDS)} second`;
  const lookedAt = sql`coalesce(retrieval_checked_at, restore_asked_at, archived_at, completed_at)`;
  // A result waits for its owner from when it was archived or, if that is later, from when the owner's results were
  // asked for.
  const asked = sql`greatest(archived_at, coalesce((select max(created_at) from outbox
    where queue = 'restore' and json_value(body, '$.userId') = jobs.user_id), archived_at))`;
  return {
    messages: {
      since: sql`created_at`,
      from: sql`outbox where sent_at is null and created_at < ${ago(late)}`,
    },
    annotations: {
      since: sql`submitted_at`,
      from: sql`jobs where status in ('PENDING', 'RUNNING') and submitted_at < ${ago(late)}
        and attempt > failures + lost_workers + ${sql.lit(PUT_OFF_ATTEMPTS)}`,
    },
    mails: {
      since: sql`due`,
      from: sql`(
        select completed_at as due from jobs
        where notified_at is null and status in ('COMPLETED', 'FAILED') and ${hasNoDeadLetter("jobResults", "jobs.id")}
        union all select due_at from user_mails where sent_at is null
      ) as mails where due < ${ago(late)}`,
    },
    archives: {
      since: sql`completed_at + ${retention}`,
      from: sql`jobs join users on users.id = jobs.user_id
        where role = 'free_user' and status = 'COMPLETED' and archive_state in ('kept', 'archiving')
        and completed_at < ${ago(config.FREE_RETENTION_SECONDS + late)} and ${hasNoDeadLetter("archive", "jobs.id")}`,
    },
    restores: {
      since: asked,
      from: sql`jobs join users on users.id = jobs.user_id
        where role = 'premium_user' and archive_state = 'archived' and ${asked} < ${ago(late)}
        and ${hasNoDeadLetter("restore", "jobs.id")}`,
    },
    retrievals: {
      since: lookedAt,
      from: sql`jobs where archive_state = 'restoring' and ${lookedAt} < ${ago(late + config.ARCHIVE_CHECK_SECONDS)}
        and ${hasNoDeadLetter("thaw", "jobs.id")}`,
    },
    deletions: {
      since: sql`created_at`,
      from: sql`pending_deletes where created_at < ${ago(late)}`,
    },
    renewals: {
      since: sql`current_period_end`,
      from: sql`subscriptions
        where status in ('active', 'trialing', 'past_due') and current_period_end < ${ago(late)}`,
    },
  };
}
