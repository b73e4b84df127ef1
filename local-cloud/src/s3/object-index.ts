import type { DatabaseSync, StatementSync } from "node:sqlite";
import { ObjectFacts, type ObjectRecord } from "./object-record.ts";

const SCHEMA = `
  create table if not exists objects (
    bucket text not null, key blob not null, size_bytes integer not null, etag text not null, modified_at integer not null,
    storage_class text not null, facts text not null, restore_ready_at integer, restore_expires_at integer,
    primary key (bucket, key)
  ) without rowid`;

interface Row {
  readonly bucket: string;
  readonly key: Uint8Array;
  readonly size_bytes: number;
  readonly etag: string;
  readonly modified_at: number;
  readonly storage_class: string;
  readonly facts: string;
  readonly restore_ready_at: number | null;
  readonly restore_expires_at: number | null;
}

/** Which objects exist. Keys are kept as UTF-8 bytes, so that the order is S3's. */
export class ObjectIndex {
  readonly #find: StatementSync;
  readonly #put: StatementSync;
  readonly #delete: StatementSync;
  readonly #after: StatementSync;
  readonly #from: StatementSync;
  readonly #all: StatementSync;
  readonly #setRestoration: StatementSync;
  readonly #setFacts: StatementSync;

  constructor(db: DatabaseSync) {
    db.exec(SCHEMA);
    this.#find = db.prepare("select * from objects where bucket = ? and key = ?");
    this.#put = db.prepare("insert or replace into objects values (?, ?, ?, ?, ?, ?, ?, null, null)");
    this.#delete = db.prepare("delete from objects where bucket = ? and key = ?");
    this.#after = db.prepare("select * from objects where bucket = ? and key > ? order by key limit ?");
    this.#from = db.prepare("select * from objects where bucket = ? and key >= ? order by key limit ?");
    this.#all = db.prepare("select facts from objects");
    this.#setFacts = db.prepare("update objects set facts = ? where bucket = ? and key = ?");
    this.#setRestoration = db.prepare(
      "update objects set restore_ready_at = ?, restore_expires_at = ? where bucket = ? and key = ?",
    );
  }

  find(bucket: string, key: string): ObjectRecord | undefined {
    const row = this.#find.get(bucket, Buffer.from(key, "utf8"));
    return row === undefined ? undefined : recordOf(row);
  }

  /** Replaces what was there, restoration included. */
  put(record: Omit<ObjectRecord, "restoration">): void {
    const { bucket, key, sizeBytes, etag, modifiedAt, storageClass, facts } = record;
    this.#put.run(
      bucket,
      Buffer.from(key, "utf8"),
      sizeBytes,
      etag,
      modifiedAt.getTime(),
      storageClass,
      JSON.stringify(facts),
    );
  }

  delete(bucket: string, key: string): void {
    this.#delete.run(bucket, Buffer.from(key, "utf8"));
  }

  /** In key order, beginning at or after a position. */
  list(
    bucket: string,
    position: { readonly key: Uint8Array; readonly inclusive: boolean },
    limit: number,
  ): readonly ObjectRecord[] {
    const statement = position.inclusive ? this.#from : this.#after;
    return statement.all(bucket, position.key, limit).map(recordOf);
  }

  isEmpty(bucket: string): boolean {
    return this.#from.get(bucket, Buffer.alloc(0), 1) === undefined;
  }

  setRestoration(bucket: string, key: string, readyAt: Date, expiresAt: Date): void {
    this.#setRestoration.run(readyAt.getTime(), expiresAt.getTime(), bucket, Buffer.from(key, "utf8"));
  }

  setFacts(bucket: string, key: string, facts: ObjectFacts): void {
    this.#setFacts.run(JSON.stringify(facts), bucket, Buffer.from(key, "utf8"));
  }

  *listBlobs(): Generator<string> {
    for (const row of this.#all.iterate()) {
      for (const { blob } of ObjectFacts.parse(JSON.parse(String(row.facts))).segments) yield blob;
    }
  }
}

function recordOf(columns: unknown): ObjectRecord {
  const row = columns as Row; // the columns of the schema above
  return {
    bucket: row.bucket,
    key: Buffer.from(row.key).toString("utf8"),
    sizeBytes: row.size_bytes,
    etag: row.etag,
    modifiedAt: new Date(row.modified_at),
    storageClass: row.storage_class,
    facts: ObjectFacts.parse(JSON.parse(row.facts)),
    restoration:
      row.restore_ready_at === null || row.restore_expires_at === null
        ? undefined
        : { readyAt: new Date(row.restore_ready_at), expiresAt: new Date(row.restore_expires_at) },
  };
}
