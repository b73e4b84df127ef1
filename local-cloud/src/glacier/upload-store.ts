import type { DatabaseSync } from "node:sqlite";

export interface Upload {
  readonly id: string;
  readonly vault: string;
  readonly description: string;
  readonly partBytes: number;
  readonly createdAt: string;
}

export interface Part {
  /** Where in the archive it begins. */
  readonly start: number;
  readonly sizeBytes: number;
  readonly blob: string;
  readonly treeHash: string;
}

type Row = Readonly<Record<string, unknown>>;

/** Archives that come in parts. */
export class UploadStore {
  readonly #db: DatabaseSync;

  constructor(db: DatabaseSync) {
    this.#db = db;
  }

  add({ id, vault, description, partBytes, createdAt }: Upload): void {
    this.#db.prepare("insert into uploads values (?, ?, ?, ?, ?)").run(id, vault, description, partBytes, createdAt);
  }

  find(vault: string, id: string): Upload | undefined {
    const row = this.#db.prepare("select * from uploads where id = ? and vault = ?").get(id, vault);
    return row && readUpload(row);
  }

  /** Oldest first. */
  list(vault: string): readonly Upload[] {
    return this.#db.prepare("select * from uploads where vault = ? order by created_at, id").all(vault).map(readUpload);
  }

  listCreatedBefore(time: string): readonly Upload[] {
    return this.#db.prepare("select * from uploads where created_at < ?").all(time).map(readUpload);
  }

  /**
   * A part that comes again takes the place of the one before; returns that one's blob. To be called in a transaction.
   */
  putPart(upload: string, { start, sizeBytes, blob, treeHash }: Part): string | undefined {
    const before = this.#db.prepare("select blob from parts where upload = ? and start = ?").get(upload, start);
    this.#db
      .prepare("insert or replace into parts values (?, ?, ?, ?, ?)")
      .run(upload, start, sizeBytes, blob, treeHash);
    return before === undefined ? undefined : String(before.blob);
  }

  /** By their place in the archive. */
  listParts(upload: string): readonly Part[] {
    return this.#db.prepare("select * from parts where upload = ? order by start").all(upload).map(readPart);
  }

  /** To be called in a transaction. */
  delete(upload: string): void {
    this.#db.prepare("delete from parts where upload = ?").run(upload);
    this.#db.prepare("delete from uploads where id = ?").run(upload);
  }

  listBlobs(): readonly string[] {
    return this.#db
      .prepare("select blob from parts")
      .all()
      .map((row) => String(row.blob));
  }
}

function readUpload(row: Row): Upload {
  return {
    id: String(row.id),
    vault: String(row.vault),
    description: String(row.description),
    partBytes: Number(row.part_bytes),
    createdAt: String(row.created_at),
  };
}

function readPart(row: Row): Part {
  return {
    start: Number(row.start),
    sizeBytes: Number(row.size),
    blob: String(row.blob),
    treeHash: String(row.tree_hash),
  };
}
