import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";

export const Segments = z.array(z.object({ blob: z.string(), sizeBytes: z.number() }));
export type Segments = z.infer<typeof Segments>;

export interface Vault {
  readonly name: string;
  readonly createdAt: string;
  /** Time of the last upload or removal; null when there never was one. */
  readonly changedAt: string | null;
  readonly archiveCount: number;
  readonly sizeBytes: number;
}

export interface Archive {
  readonly id: string;
  readonly vault: string;
  readonly description: string;
  readonly sizeBytes: number;
  readonly treeHash: string;
  readonly segments: Segments;
  readonly createdAt: string;
}

type Row = Readonly<Record<string, unknown>>;

const VAULT_COLUMNS = `name, created_at, changed_at, (select count(*) from archives where vault = name) as archives,
  (select coalesce(sum(size), 0) from archives where vault = name) as size`;

/** Vaults and archives; times are ISO texts. */
export class VaultStore {
  readonly #db: DatabaseSync;

  constructor(db: DatabaseSync) {
    this.#db = db;
  }

  /** Leaves a vault that exists as it is. */
  createVault(name: string, createdAt: string): void {
    this.#db.prepare("insert or ignore into vaults (name, created_at) values (?, ?)").run(name, createdAt);
  }

  findVault(name: string): Vault | undefined {
    const row = this.#db.prepare(`select ${VAULT_COLUMNS} from vaults where name = ?`).get(name);
    return row && readVault(row);
  }

  /** By name, from `from` on. */
  listVaults(from: string, limit: number): readonly Vault[] {
    return this.#db
      .prepare(`select ${VAULT_COLUMNS} from vaults where name >= ? order by name limit ?`)
      .all(from, limit)
      .map(readVault);
  }

  deleteVault(name: string): void {
    this.#db.prepare("delete from vaults where name = ?").run(name);
  }

  /** To be called in a transaction. */
  addArchive({ id, vault, description, sizeBytes, treeHash, segments, createdAt }: Archive): void {
    this.#db
      .prepare("insert into archives values (?, ?, ?, ?, ?, ?, ?)")
      .run(id, vault, description, sizeBytes, treeHash, JSON.stringify(segments), createdAt);
    this.#db.prepare("update vaults set changed_at = ? where name = ?").run(createdAt, vault);
  }

  findArchive(vault: string, id: string): Archive | undefined {
    const row = this.#db.prepare("select * from archives where id = ? and vault = ?").get(id, vault);
    return row && readArchive(row);
  }

  /** Oldest first. */
  listArchives(vault: string): readonly Archive[] {
    return this.#db
      .prepare("select * from archives where vault = ? order by created_at, id")
      .all(vault)
      .map(readArchive);
  }

  /** To be called in a transaction. */
  deleteArchive(vault: string, id: string, deletedAt: string): void {
    this.#db.prepare("delete from archives where id = ? and vault = ?").run(id, vault);
    this.#db.prepare("update vaults set changed_at = ? where name = ?").run(deletedAt, vault);
  }

  listBlobs(): readonly string[] {
    return this.#db
      .prepare("select segments from archives")
      .all()
      .flatMap((row) => readSegments(row.segments).map(({ blob }) => blob));
  }
}

function readSegments(text: unknown): Segments {
  return Segments.parse(JSON.parse(String(text)));
}

function readVault(row: Row): Vault {
  return {
    name: String(row.name),
    createdAt: String(row.created_at),
    changedAt: row.changed_at === null ? null : String(row.changed_at),
    archiveCount: Number(row.archives),
    sizeBytes: Number(row.size),
  };
}

function readArchive(row: Row): Archive {
  return {
    id: String(row.id),
    vault: String(row.vault),
    description: String(row.description),
    sizeBytes: Number(row.size),
    treeHash: String(row.tree_hash),
    segments: readSegments(row.segments),
    createdAt: String(row.created_at),
  };
}
