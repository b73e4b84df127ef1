import { randomUUID } from "node:crypto";
import type { DatabaseSync, StatementSync } from "node:sqlite";

/** Up to this size bytes lie in the database: a file of its own, synced and renamed, would cost ten times as much. */
export const SMALL_BLOB_BYTES = 64 * 1024;
const MARK = "small-";

export function isSmallBlob(blob: string): boolean {
  return blob.startsWith(MARK);
}

export function newSmallBlob(): string {
  return MARK + randomUUID();
}

/** Few immutable bytes each, in a table beside the rows that name them. */
export class SmallBlobs {
  readonly #insert: StatementSync;
  readonly #find: StatementSync;
  readonly #delete: StatementSync;
  readonly #list: StatementSync;

  constructor(db: DatabaseSync) {
    db.exec("create table if not exists small_blobs (id text primary key, bytes blob not null)");
    this.#insert = db.prepare("insert into small_blobs values (?, ?)");
    this.#find = db.prepare("select bytes from small_blobs where id = ?");
    this.#delete = db.prepare("delete from small_blobs where id = ?");
    this.#list = db.prepare("select id from small_blobs");
  }

  insert(id: string, bytes: Uint8Array): void {
    this.#insert.run(id, bytes);
  }

  get(id: string): Buffer {
    const bytes = this.#find.get(id)?.bytes;
    if (!(bytes instanceof Uint8Array)) throw new Error(`There is no small blob ${id}.`);
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  delete(id: string): void {
    this.#delete.run(id);
  }

  /** Deletes the small ones of these blobs, in the transaction that takes their names away; answers the others. */
  deleteAmong(blobs: readonly string[]): readonly string[] {
    for (const blob of blobs) if (isSmallBlob(blob)) this.delete(blob);
    return blobs.filter((blob) => !isSmallBlob(blob));
  }

  /** At start: removes every one that is not in use. */
  sweep(inUse: ReadonlySet<string>): void {
    for (const { id } of this.#list.all()) if (!inUse.has(String(id))) this.#delete.run(String(id));
  }
}
