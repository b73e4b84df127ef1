import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { inTransaction } from "../storage/transaction.ts";
import { DOCUMENTS, type Document, type DocumentOf, type Event, type Kind } from "./documents.ts";

export interface StoredAnswer {
  /** Of method, path and parameters: a key that comes again must come with the same. */
  readonly fingerprint: string;
  readonly statusCode: number;
  readonly body: string;
}

export interface Delivery {
  readonly event: Event;
  readonly attempts: number;
}

const SCHEMA = `
  create table if not exists documents (
    number integer primary key, id text not null unique, kind text not null, customer text, body text not null);
  create index if not exists documents_by_kind on documents (kind, customer, number);
  create index if not exists documents_by_status on documents (kind, json_extract(body, '$.status'));
  create table if not exists answers (
    idempotency_key text primary key, fingerprint text not null, status integer not null, body text not null, created_at integer not null) without rowid;
  create table if not exists deliveries (event text primary key, attempts integer not null, due_at integer not null) without rowid;
  create table if not exists clock (only_row integer primary key check (only_row = 1), ahead_seconds integer not null)`;

/**
 * Everything that the double remembers. Changes happen in `transaction`: an effect, its events and its answer are kept
 * together or not at all.
 */
export class StripeStore {
  readonly #db: DatabaseSync;

  constructor(folder: string) {
    mkdirSync(folder, { recursive: true });
    this.#db = new DatabaseSync(join(folder, "stripe.sqlite"));
    this.#db.exec("pragma journal_mode = wal; pragma synchronous = normal");
    this.#db.exec(SCHEMA);
  }

  transaction<Result>(change: () => Result): Result {
    return inTransaction(this.#db, change);
  }

  /** How far the clock of billing is ahead of real time. */
  readAheadSeconds(): number {
    return Number(this.#db.prepare("select ahead_seconds from clock").get()?.ahead_seconds ?? 0);
  }

  writeAheadSeconds(seconds: number): void {
    this.#db.prepare("insert or replace into clock values (1, ?)").run(seconds);
  }

  put(document: Document): void {
    this.#db
      .prepare(
        `insert into documents (id, kind, customer, body) values (?, ?, ?, ?)
         on conflict (id) do update set customer = excluded.customer, body = excluded.body`,
      )
      .run(document.id, document.object, customerOf(document), JSON.stringify(document));
  }

  find<Key extends Kind>(kind: Key, id: string): DocumentOf<Key> | undefined {
    const row = this.#db.prepare("select body from documents where id = ? and kind = ?").get(id, kind);
    return row && read(kind, row);
  }

  /** Newest first. */
  list<Key extends Kind>(kind: Key, customer?: string): readonly DocumentOf<Key>[] {
    const rows =
      customer === undefined
        ? this.#db.prepare("select body from documents where kind = ? order by number desc").all(kind)
        : this.#db
            .prepare("select body from documents where kind = ? and customer = ? order by number desc")
            .all(kind, customer);
    return rows.map((row) => read(kind, row));
  }

  /** Oldest first. */
  listInStatus<Key extends Kind>(kind: Key, status: string): readonly DocumentOf<Key>[] {
    return this.#db
      .prepare("select body from documents where kind = ? and json_extract(body, '$.status') = ? order by number")
      .all(kind, status)
      .map((row) => read(kind, row));
  }

  findAnswer(idempotencyKey: string): StoredAnswer | undefined {
    const row = this.#db.prepare("select * from answers where idempotency_key = ?").get(idempotencyKey);
    return row && { fingerprint: String(row.fingerprint), statusCode: Number(row.status), body: String(row.body) };
  }

  keepAnswer(idempotencyKey: string, { fingerprint, statusCode, body }: StoredAnswer, createdAt: Date): void {
    this.#db
      .prepare("insert into answers values (?, ?, ?, ?, ?)")
      .run(idempotencyKey, fingerprint, statusCode, body, createdAt.getTime());
  }

  forgetAnswersBefore(time: Date): void {
    this.#db.prepare("delete from answers where created_at < ?").run(time.getTime());
  }

  addDelivery(eventId: string, dueAt: Date): void {
    this.#db.prepare("insert into deliveries values (?, 0, ?)").run(eventId, dueAt.getTime());
  }

  listDueDeliveries(now: Date, limit: number): readonly Delivery[] {
    return this.#db
      .prepare(
        "select body, attempts from deliveries join documents on id = event where due_at <= ? order by due_at, number limit ?",
      )
      .all(now.getTime(), limit)
      .map((row) => ({ event: read("event", row), attempts: Number(row.attempts) }));
  }

  nextDeliveryAt(): Date | undefined {
    const due = this.#db.prepare("select min(due_at) as due from deliveries").get()?.due;
    return due === null || due === undefined ? undefined : new Date(Number(due));
  }

  postponeDelivery(eventId: string, attempts: number, dueAt: Date): void {
    this.#db
      .prepare("update deliveries set attempts = ?, due_at = ? where event = ?")
      .run(attempts, dueAt.getTime(), eventId);
  }

  endDelivery(event: Event): void {
    this.transaction(() => {
      this.#db.prepare("delete from deliveries where event = ?").run(event.id);
      this.put({ ...event, pending_webhooks: 0 });
    });
  }

  close(): void {
    this.#db.close();
  }
}

function customerOf(document: Document): string | null {
  return "customer" in document ? document.customer : null;
}

function read<Key extends Kind>(kind: Key, row: Readonly<Record<string, unknown>>): DocumentOf<Key> {
  // TypeScript cannot follow that the schema of a kind reads the documents of that kind.
  return DOCUMENTS[kind].parse(JSON.parse(String(row.body))) as DocumentOf<Key>;
}
