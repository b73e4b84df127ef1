import { sql } from "kysely";
import type { Database } from "../database/connect.ts";
import { insertUnlessThere } from "../database/insert-unless-there.ts";
import type { Logger } from "../logger.ts";
import type { QueueKey } from "../resources.ts";
import { runLoop } from "../shutdown.ts";

/** Repairs what a lost message left undone. Must be safe to run twice, also at once. */
export interface Sweep {
  readonly name: string;
  readonly everySeconds: number;
  readonly run: (signal: AbortSignal) => Promise<void>;
}

export interface SweepOptions {
  readonly db: Database;
  readonly log: Logger;
  /** Of this process. */
  readonly holder: string;
  readonly signal: AbortSignal;
}

/** A sweep looks this often whether it is due: a process that takes over needs no longer than that. */
const LOOKS_PER_PERIOD = 3;

/**
 * Runs each sweep once a period in one of all the processes that offer it, until the signal aborts. The row in table
 * leases is both the lease and the timetable: whoever finds it past its end moves the end by one period and does the
 * work. A sweep that outlasts its period, or whose process dies, is simply due again.
 */
export async function runSweeps({ db, log, holder, signal }: SweepOptions, sweeps: readonly Sweep[]): Promise<void> {
  await Promise.all(
    sweeps.map(({ name, everySeconds, run }) =>
      runLoop({ name, intervalMs: (everySeconds * 1_000) / LOOKS_PER_PERIOD, signal, log }, async () => {
        if (await takeTurn(db, { name: `sweep: ${name}`, holder, everySeconds })) await run(signal);
      }),
    ),
  );
}

async function takeTurn(
  db: Database,
  { name, holder, everySeconds }: { readonly name: string; readonly holder: string; readonly everySeconds: number },
): Promise<boolean> {
  await insertUnlessThere(db.insertInto("leases").values({ name, epoch: 0 }));
  const { numUpdatedRows } = await db
    .updateTable("leases")
    .set((row) => ({
      holder,
      epoch: row("epoch", "+", 1),
      until: sql<Date>`utc_timestamp(3) + interval ${Math.round(everySeconds * 1_000_000)} microsecond`,
    }))
    .where("name", "=", name)
    .where((row) => row.or([row("until", "is", null), row("until", "<=", sql<Date>`utc_timestamp(3)`)]))
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** What a sweep sent may be on its way for that long: a message that is handed back waits up to 5 minutes. */
export const SENT_AGAIN_AFTER_SECONDS = 600;
const KEEP_MARKS_HOURS = 24;

/**
 * SQL for the `where` of a sweep's query: nothing was sent for this subject lately, and no message about it is a dead
 * letter of the queue: then a person decides whether it is sent again.
 */
export function mayBeSent({ sweep, queue }: { readonly sweep: string; readonly queue: QueueKey }, subject: string) {
  return sql<boolean>`not exists (
      select 1 from sweep_marks where sweep = ${sweep} and subject = ${sql.ref(subject)}
      and at > utc_timestamp(3) - interval ${sql.lit(SENT_AGAIN_AFTER_SECONDS)} second)
    and ${hasNoDeadLetter(queue, subject)}`;
}

/** SQL: no dead letter of the queue is about the subject, or it was sent again. */
export function hasNoDeadLetter(queue: QueueKey, subject: string) {
  const text = sql`concat('%', ${sql.ref(subject)}, '%')`;
  return sql<boolean>`not exists (
    select 1 from dead_letters where queue = ${queue} and sent_again_at is null
    and (body like ${text} or message_id like ${text}))`;
}

/** Remembers what was sent, in the transaction that sends it; forgets what is a day old. */
export async function markSent(trx: Database, sweep: string, subjects: readonly string[]): Promise<void> {
  if (subjects.length === 0) return;
  const at = sql<Date>`utc_timestamp(3)`;
  await trx
    .insertInto("sweepMarks")
    .values(subjects.map((subject) => ({ sweep, subject, at })))
    .onDuplicateKeyUpdate({ at })
    .execute();
  await trx
    .deleteFrom("sweepMarks")
    .where("at", "<", sql<Date>`utc_timestamp(3) - interval ${sql.lit(KEEP_MARKS_HOURS)} hour`)
    .limit(1_000)
    .execute();
}
