import type { DatabaseSync, StatementSync } from "node:sqlite";
import { preparedStatements } from "../storage/statements.ts";
import type { Receipt } from "./receipt-handle.ts";

/** A message as it lies in the database; times are milliseconds since 1970. */
export interface StoredMessage {
  readonly sequence: number;
  readonly messageId: string;
  readonly body: string;
  /** JSON of the message attributes, see `attributesToJson`. */
  readonly attributes: string;
  readonly traceHeader: string | null;
  readonly sentAt: number;
  readonly firstReceivedAt: number | null;
  readonly receiveCount: number;
  readonly receiptNumber: number;
  /** Name of the queue it was moved from to a dead-letter queue. */
  readonly movedFrom: string | null;
}

export interface NewMessage {
  readonly messageId: string;
  readonly body: string;
  readonly attributes: string;
  readonly traceHeader: string | null;
  readonly sentAt: number;
  readonly visibleAt: number;
}

export interface QueueCounts {
  readonly visible: number;
  readonly notVisible: number;
  readonly delayed: number;
  readonly oldestSentAt: number | null;
}

const COLUMNS = `sequence, message_id as messageId, body, attributes, trace_header as traceHeader, sent_at as sentAt,
  first_received_at as firstReceivedAt, receive_count as receiveCount, receipt_number as receiptNumber, moved_from as movedFrom`;

// receive_count is what maxReceiveCount is compared with; receipt_number only ever grows, so that an old handle never
// fits again.
const SCHEMA = `create table if not exists messages (
    sequence integer primary key autoincrement, queue_id integer not null, message_id text not null, body text not null,
    attributes text not null, trace_header text, sent_at integer not null, visible_at integer not null, first_received_at integer,
    receive_count integer not null default 0, receipt_number integer not null default 0, moved_from text) strict;
  create index if not exists messages_by_visibility on messages (queue_id, visible_at, sequence);`;

/**
 * The messages on disk. A message is
 *
 *   delayed      visible_at in the future, never received
 *   visible      visible_at reached
 *   not visible  visible_at in the future, received ("in flight")
 *
 * Every function is one or a few synchronous statements; callers run them in a GroupCommit.
 */
export class MessageStore {
  readonly #sql: (text: string) => StatementSync;

  constructor(db: DatabaseSync) {
    this.#sql = preparedStatements(db);
    db.exec(SCHEMA);
  }

  insert(queueId: number, message: NewMessage): void {
    const { messageId, body, attributes, traceHeader, sentAt, visibleAt } = message;
    this.#sql(`insert into messages (queue_id, message_id, body, attributes, trace_header, sent_at, visible_at)
      values (?, ?, ?, ?, ?, ?, ?)`).run(queueId, messageId, body, attributes, traceHeader, sentAt, visibleAt);
  }

  /** Visible messages that are still within the retention period, oldest first. */
  listVisible(
    queueId: number,
    range: { readonly now: number; readonly sentAfter: number; readonly limit: number },
  ): readonly StoredMessage[] {
    return this.#sql(`select ${COLUMNS} from messages where queue_id = ? and visible_at <= ? and sent_at > ?
      order by visible_at, sequence limit ?`).all(
      queueId,
      range.now,
      range.sentAfter,
      range.limit,
    ) as unknown as StoredMessage[]; // the columns are the type's
  }

  markReceived(sequence: number, now: number, visibleAt: number): void {
    this.#sql(`update messages set visible_at = ?, receive_count = receive_count + 1, receipt_number = receipt_number + 1,
      first_received_at = coalesce(first_received_at, ?) where sequence = ?`).run(visibleAt, now, sequence);
  }

  /** Takes back a receive whose answer reached nobody. */
  unreceive({ queueId, sequence, receiptNumber }: Receipt, now: number): void {
    this.#sql(`update messages set visible_at = ?, receive_count = receive_count - 1
      where queue_id = ? and sequence = ? and receipt_number = ?`).run(now, queueId, sequence, receiptNumber);
  }

  /** False when it was deleted before, or received again since this receipt. */
  delete({ queueId, sequence, receiptNumber }: Receipt): boolean {
    const { changes } = this.#sql(
      "delete from messages where queue_id = ? and sequence = ? and receipt_number = ?",
    ).run(queueId, sequence, receiptNumber);
    return changes === 1;
  }

  /** "gone": deleted or received again; "not in flight": its visibility timeout has passed. */
  changeVisibility(receipt: Receipt, now: number, visibleAt: number): "changed" | "gone" | "not in flight" {
    const { queueId, sequence, receiptNumber } = receipt;
    const key = [queueId, sequence, receiptNumber] as const;
    const row = this.#sql(
      "select visible_at from messages where queue_id = ? and sequence = ? and receipt_number = ?",
    ).get(...key);
    if (!row) return "gone";
    if (Number(row.visible_at) <= now) return "not in flight";
    this.#sql("update messages set visible_at = ? where sequence = ?").run(visibleAt, sequence);
    return "changed";
  }

  /** To a dead-letter queue (with `movedFrom`) or back from one (null: its receives count from zero again). */
  move(
    sequence: number,
    to: { readonly queueId: number; readonly movedFrom: string | null; readonly now: number },
  ): void {
    const keepCount = to.movedFrom === null ? 0 : 1;
    this.#sql(`update messages set queue_id = ?, moved_from = ?, visible_at = ?, receive_count = receive_count * ?,
      receipt_number = receipt_number + 1 where sequence = ?`).run(
      to.queueId,
      to.movedFrom,
      to.now,
      keepCount,
      sequence,
    );
  }

  deleteAll(queueId: number): void {
    this.#sql("delete from messages where queue_id = ?").run(queueId);
  }

  deleteExpired(queueId: number, sentBefore: number): void {
    this.#sql("delete from messages where queue_id = ? and sent_at <= ?").run(queueId, sentBefore);
  }

  count(queueId: number, range: { readonly now: number; readonly sentAfter: number }): QueueCounts {
    const row = this.#sql(`select
        coalesce(sum(visible_at <= ?2), 0) as visible,
        coalesce(sum(visible_at > ?2 and receive_count > 0), 0) as notVisible,
        coalesce(sum(visible_at > ?2 and receive_count = 0), 0) as delayed,
        min(case when visible_at <= ?2 or receive_count > 0 then sent_at end) as oldestSentAt
      from messages where queue_id = ?1 and sent_at > ?3`).get(queueId, range.now, range.sentAfter);
    return row as unknown as QueueCounts; // the columns are the type's
  }

  /** When the next message becomes visible by itself; null when none is waiting for that. */
  nextVisibleAt(queueId: number, now: number): number | null {
    const row = this.#sql("select min(visible_at) as at from messages where queue_id = ? and visible_at > ?").get(
      queueId,
      now,
    );
    return (row as { at: number | null }).at;
  }
}
