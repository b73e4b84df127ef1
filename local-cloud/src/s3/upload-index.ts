import type { DatabaseSync, StatementSync } from "node:sqlite";
import { z } from "zod";
import { CHECKSUM_ALGORITHMS } from "../wire/body/checksum.ts";
import { ObjectHeaders, StoredChecksum, Tag } from "./object-record.ts";

const SCHEMA = `
  create table if not exists uploads (
    id text primary key, bucket text not null, key blob not null, started_at integer not null, facts text not null
  ) without rowid;
  create index if not exists uploads_by_key on uploads (bucket, key, id);
  create table if not exists parts (
    upload_id text not null, number integer not null, blob text not null, size_bytes integer not null, md5 text not null,
    checksum text, modified_at integer not null, primary key (upload_id, number)
  ) without rowid;
  create table if not exists completed_uploads (
    id text primary key, bucket text not null, key blob not null, parts text not null, etag text not null, checksum text,
    completed_at integer not null
  ) without rowid;
  create index if not exists completed_uploads_by_time on completed_uploads (completed_at)`;

const REMEMBERED_MS = 7 * 86_400_000; // longer than any caller tries again

const UploadFacts = z.object({
  headers: ObjectHeaders,
  storageClass: z.string(),
  algorithm: z.enum(CHECKSUM_ALGORITHMS).optional(),
  checksumType: z.enum(["FULL_OBJECT", "COMPOSITE"]).optional(),
  tags: z.array(Tag).optional(),
});
export type UploadFacts = z.infer<typeof UploadFacts>;

export interface Upload {
  readonly id: string;
  readonly bucket: string;
  readonly key: string;
  readonly startedAt: Date;
  readonly facts: UploadFacts;
}

/** What is remembered of an upload that became an object, so that a caller who lost the answer gets it again. */
export interface CompletedUpload {
  readonly id: string;
  readonly bucket: string;
  readonly key: string;
  /** The list of parts that was completed, in one text. */
  readonly parts: string;
  readonly etag: string;
  readonly checksum: StoredChecksum | undefined;
  readonly completedAt: Date;
}

export interface Part {
  readonly number: number;
  readonly blob: string;
  readonly sizeBytes: number;
  /** Hex. */
  readonly md5: string;
  /** Base64, of the upload's algorithm. */
  readonly checksum: string | undefined;
  readonly modifiedAt: Date;
}

/** Multipart uploads: those under way with their parts, and what the completed ones became. */
export class UploadIndex {
  readonly #find: StatementSync;
  readonly #insert: StatementSync;
  readonly #delete: StatementSync;
  readonly #list: StatementSync;
  readonly #any: StatementSync;
  readonly #parts: StatementSync;
  readonly #putPart: StatementSync;
  readonly #deleteParts: StatementSync;
  readonly #blobs: StatementSync;
  readonly #findCompleted: StatementSync;
  readonly #insertCompleted: StatementSync;
  readonly #forgetCompleted: StatementSync;

  constructor(db: DatabaseSync) {
    db.exec(SCHEMA);
    this.#find = db.prepare("select * from uploads where id = ?");
    this.#insert = db.prepare("insert into uploads values (?, ?, ?, ?, ?)");
    this.#delete = db.prepare("delete from uploads where id = ?");
    this.#list = db.prepare("select * from uploads where bucket = ? and key >= ? order by key, id");
    this.#any = db.prepare("select id from uploads where bucket = ? limit 1");
    this.#parts = db.prepare("select * from parts where upload_id = ? order by number");
    this.#putPart = db.prepare("insert or replace into parts values (?, ?, ?, ?, ?, ?, ?)");
    this.#deleteParts = db.prepare("delete from parts where upload_id = ?");
    this.#blobs = db.prepare("select blob from parts");
    this.#findCompleted = db.prepare("select * from completed_uploads where id = ?");
    this.#insertCompleted = db.prepare("insert into completed_uploads values (?, ?, ?, ?, ?, ?, ?)");
    this.#forgetCompleted = db.prepare("delete from completed_uploads where completed_at < ?");
  }

  find(id: string): Upload | undefined {
    const row = this.#find.get(id);
    return row === undefined ? undefined : uploadOf(row);
  }

  insert({ id, bucket, key, startedAt, facts }: Upload): void {
    this.#insert.run(id, bucket, Buffer.from(key, "utf8"), startedAt.getTime(), JSON.stringify(facts));
  }

  findCompleted(id: string): CompletedUpload | undefined {
    const row = this.#findCompleted.get(id);
    return row === undefined ? undefined : completedOf(row);
  }

  /** The upload is under way no longer; what it became is remembered, and what became of very old ones is not. */
  complete({ id, bucket, key, parts, etag, checksum, completedAt }: CompletedUpload): void {
    this.delete(id);
    this.#forgetCompleted.run(completedAt.getTime() - REMEMBERED_MS);
    const checksumText = checksum ? JSON.stringify(checksum) : null;
    this.#insertCompleted.run(id, bucket, Buffer.from(key, "utf8"), parts, etag, checksumText, completedAt.getTime());
  }

  /** Forgets an upload and its parts, whose blobs the caller removes or uses. */
  delete(id: string): void {
    this.#delete.run(id);
    this.#deleteParts.run(id);
  }

  /** In order of key and id, keys that begin with a prefix. */
  list(bucket: string, prefix: string): readonly Upload[] {
    return this.#list
      .all(bucket, Buffer.from(prefix, "utf8"))
      .map(uploadOf)
      .filter(({ key }) => key.startsWith(prefix));
  }

  hasAny(bucket: string): boolean {
    return this.#any.get(bucket) !== undefined;
  }

  /** In order of their numbers. */
  listParts(uploadId: string): readonly Part[] {
    return this.#parts.all(uploadId).map(partOf);
  }

  putPart(uploadId: string, { number, blob, sizeBytes, md5, checksum, modifiedAt }: Part): void {
    this.#putPart.run(uploadId, number, blob, sizeBytes, md5, checksum ?? null, modifiedAt.getTime());
  }

  *listBlobs(): Generator<string> {
    for (const row of this.#blobs.iterate()) yield String(row.blob);
  }
}

function uploadOf(row: Readonly<Record<string, unknown>>): Upload {
  return {
    id: String(row.id),
    bucket: String(row.bucket),
    key: Buffer.from(row.key as Uint8Array).toString("utf8"), // a blob column
    startedAt: new Date(Number(row.started_at)),
    facts: UploadFacts.parse(JSON.parse(String(row.facts))),
  };
}

function completedOf(row: Readonly<Record<string, unknown>>): CompletedUpload {
  return {
    id: String(row.id),
    bucket: String(row.bucket),
    key: Buffer.from(row.key as Uint8Array).toString("utf8"), // a blob column
    parts: String(row.parts),
    etag: String(row.etag),
    checksum: row.checksum === null ? undefined : StoredChecksum.parse(JSON.parse(String(row.checksum))),
    completedAt: new Date(Number(row.completed_at)),
  };
}

function partOf(row: Readonly<Record<string, unknown>>): Part {
  return {
    number: Number(row.number),
    blob: String(row.blob),
    sizeBytes: Number(row.size_bytes),
    md5: String(row.md5),
    checksum: row.checksum === null ? undefined : String(row.checksum),
    modifiedAt: new Date(Number(row.modified_at)),
  };
}
