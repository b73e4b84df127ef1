import { GetQueueUrlCommand, SendMessageBatchCommand, type SQSClient } from "@aws-sdk/client-sqs";
import type { Kysely, Transaction } from "kysely";
import { sql } from "kysely";
import type { Database } from "../database/connect.ts";
import type { Tables } from "../database/tables.ts";
import type { Logger } from "../logger.ts";
import { MESSAGE_SCHEMAS, type MessageOf } from "../messages.ts";
import type { QueueKey, Resources } from "../resources.ts";
import { runLoop } from "../shutdown.ts";

/** SQS delays a message by at most 15 minutes; what is due later is sent again by its consumer. */
export const MAX_DELAY_SECONDS = 900;
const BATCH_SIZE = 10;
/** A sender that died with rows in hand gives them up after this. */
const CLAIM_SECONDS = 30;
/** Sent rows are kept this long for people who ask what happened. */
const KEEP_SENT_HOURS = 24;

/**
 * Puts a message into the outbox, in the caller's transaction: it is sent if and only if the change that it tells of is
 * committed. Delivery is at least once.
 */
export async function putMessage<Key extends QueueKey>(
  trx: Transaction<Tables> | Kysely<Tables>,
  queue: Key,
  body: MessageOf<Key>,
  delaySeconds = 0,
): Promise<void> {
  const checked = MESSAGE_SCHEMAS[queue].parse(body);
  const delay = Math.max(0, Math.min(MAX_DELAY_SECONDS, Math.round(delaySeconds)));
  await trx
    .insertInto("outbox")
    .values({ queue, body: JSON.stringify(checked), delaySeconds: delay })
    .execute();
}

export interface OutboxSender {
  /**
   * Sends what is waiting now; call it after a commit so that nobody waits for the sweep. Failures are logged, the
   * sweep tries again.
   */
  flush(): Promise<void>;
  /** Sweeps until the signal aborts. */
  run(signal: AbortSignal): Promise<void>;
}

export interface OutboxSenderOptions {
  readonly db: Database;
  readonly sqs: SQSClient;
  readonly resources: Resources;
  readonly log: Logger;
  readonly sweepSeconds: number;
}

/** Delivers outbox rows to SQS. Any number of processes may run one: each row is claimed by one sender at a time. */
export function createOutboxSender({ db, sqs, resources, log, sweepSeconds }: OutboxSenderOptions): OutboxSender {
  const urls = new Map<QueueKey, string>();
  const urlOf = async (queue: QueueKey): Promise<string> => {
    const known = urls.get(queue);
    if (known !== undefined) return known;
    const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: resources.queues[queue].name }));
    if (QueueUrl === undefined) throw new Error(`SQS gave no URL for queue ${resources.queues[queue].name}`);
    urls.set(queue, QueueUrl);
    return QueueUrl;
  };

  const sendBatch = async (): Promise<number> => {
    const rows = await claimRows(db);
    for (const [queue, group] of groupByQueue(rows)) {
      const { Successful = [], Failed = [] } = await sqs.send(
        new SendMessageBatchCommand({
          QueueUrl: await urlOf(queue),
          Entries: group.map((row) => ({ Id: String(row.id), MessageBody: row.body, DelaySeconds: row.delaySeconds })),
        }),
      );
      const sent = Successful.map((entry) => Number(entry.Id));
      if (sent.length > 0) {
        await db
          .updateTable("outbox")
          .set({ sentAt: new Date(), claimedUntil: null })
          .where("id", "in", sent)
          .execute();
      }
      if (Failed.length > 0)
        log.warn({ queue, failed: Failed.map((entry) => entry.Code) }, "outbox messages refused, tried again later");
    }
    return rows.length;
  };

  let flushing: Promise<void> | undefined;
  const flush = async (): Promise<void> => {
    try {
      while ((await sendBatch()) === BATCH_SIZE);
    } catch (error) {
      log.warn({ err: error }, "outbox not sent, tried again later");
    }
  };
  const flushOnce = (): Promise<void> => {
    flushing ??= flush().finally(() => {
      flushing = undefined;
    });
    return flushing;
  };

  return {
    flush: flushOnce,
    run: (signal) =>
      runLoop({ name: "outbox sweep", intervalMs: sweepSeconds * 1_000, signal, log }, async () => {
        await flushOnce();
        await db.deleteFrom("outbox").where("sentAt", "<", hoursAgo(KEEP_SENT_HOURS)).limit(1_000).execute();
      }),
  };
}

interface ClaimedRow {
  readonly id: number;
  readonly queue: QueueKey;
  readonly body: string;
  readonly delaySeconds: number;
}

/**
 * Claims up to a batch of unsent rows for this sender. Ids come in order, so messages leave in the order in which they
 * were put.
 */
async function claimRows(db: Database): Promise<readonly ClaimedRow[]> {
  return db.transaction().execute(async (trx) => {
    const rows = await trx
      .selectFrom("outbox")
      .select(["id", "queue", "body", "delaySeconds"])
      .where("sentAt", "is", null)
      .where((where) =>
        where.or([where("claimedUntil", "is", null), where("claimedUntil", "<", sql<Date>`utc_timestamp(3)`)]),
      )
      .orderBy("id")
      .limit(BATCH_SIZE)
      .forUpdate()
      .skipLocked()
      .execute();
    if (rows.length > 0) {
      await trx
        .updateTable("outbox")
        .set({ claimedUntil: sql<Date>`utc_timestamp(3) + interval ${sql.lit(CLAIM_SECONDS)} second` })
        .where(
          "id",
          "in",
          rows.map((row) => row.id),
        )
        .execute();
    }
    return rows;
  });
}

function groupByQueue(rows: readonly ClaimedRow[]): ReadonlyMap<QueueKey, readonly ClaimedRow[]> {
  return Map.groupBy(rows, (row) => row.queue);
}

function hoursAgo(hours: number): Date {
  return new Date(Date.now() - hours * 3_600_000);
}
