import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type InstanceRecord, parseRecord } from "./record.ts";

/** Answers of Describe calls may be asked to be this old at most. */
const HISTORY_SECONDS = 300;

export interface TokenUse {
  readonly fingerprint: string;
  readonly reservationId: string;
}

interface Version {
  readonly at: number;
  readonly record: InstanceRecord;
}

/** Durable instance records, all held in memory as well, with a short history so that answers can lag as EC2's do. */
export class InstanceStore {
  readonly #db: DatabaseSync;
  readonly #versions = new Map<string, Version[]>();
  readonly #now: () => Date;

  constructor(folder: string, now: () => Date) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    this.#now = now;
    this.#db = new DatabaseSync(join(folder, "ec2.sqlite"));
    this.#db.exec(`
      pragma journal_mode = wal;
      pragma synchronous = normal;
      pragma busy_timeout = 5000;
      create table if not exists instances (instance_id text primary key, record text not null) strict;
      create table if not exists client_tokens (
        token text primary key, fingerprint text not null, reservation_id text not null, used_at integer not null
      ) strict;
    `);
    for (const row of this.#db.prepare("select record from instances").all()) {
      const record = parseRecord(String(row.record));
      this.#versions.set(record.instanceId, [{ at: Number.NEGATIVE_INFINITY, record }]);
    }
  }

  list(): readonly InstanceRecord[] {
    return [...this.#versions.values()].map(newest);
  }

  find(instanceId: string): InstanceRecord | undefined {
    const versions = this.#versions.get(instanceId);
    return versions && newest(versions);
  }

  /** What an eventually consistent reader sees who is `lagSeconds` behind. */
  listAsOf(lagSeconds: number): readonly InstanceRecord[] {
    if (lagSeconds <= 0) return this.list();
    const at = this.#now().getTime() - lagSeconds * 1000;
    return [...this.#versions.values()].flatMap((versions) => {
      const seen = versions.findLast((version) => version.at <= at);
      return seen ? [seen.record] : [];
    });
  }

  /** One transaction: a token and all its instances are written together or not at all. */
  insert(records: readonly InstanceRecord[], token?: { readonly token: string } & TokenUse): void {
    this.#transaction(() => {
      if (token) {
        this.#db
          .prepare("insert or replace into client_tokens values (?, ?, ?, ?)")
          .run(token.token, token.fingerprint, token.reservationId, this.#now().getTime());
      }
      for (const record of records) this.#write(record);
    });
    for (const record of records) this.#remember(record);
  }

  /** Changes some members; returns the new record. Throws for an unknown id. */
  update(instanceId: string, changes: Partial<InstanceRecord>): InstanceRecord {
    const current = this.find(instanceId);
    if (!current) throw new Error(`No instance record ${instanceId}.`);
    const record = { ...current, ...changes };
    this.#write(record);
    this.#remember(record);
    return record;
  }

  findToken(token: string): TokenUse | undefined {
    const row = this.#db.prepare("select fingerprint, reservation_id from client_tokens where token = ?").get(token);
    return row && { fingerprint: String(row.fingerprint), reservationId: String(row.reservation_id) };
  }

  /** Forgets instances that ended, and tokens that were used, before the instant. */
  forgetBefore(instant: Date): void {
    const gone = this.list().filter((record) => record.endedAt && record.folderRemoved && record.endedAt < instant);
    this.#transaction(() => {
      for (const { instanceId } of gone) {
        this.#db.prepare("delete from instances where instance_id = ?").run(instanceId);
      }
      this.#db.prepare("delete from client_tokens where used_at < ?").run(instant.getTime());
    });
    for (const { instanceId } of gone) this.#versions.delete(instanceId);
  }

  close(): void {
    this.#db.close();
  }

  #write(record: InstanceRecord): void {
    this.#db.prepare("insert or replace into instances values (?, ?)").run(record.instanceId, JSON.stringify(record));
  }

  #remember(record: InstanceRecord): void {
    const at = this.#now().getTime();
    const versions = this.#versions.get(record.instanceId) ?? [];
    versions.push({ at, record });
    // The last version from before the history begins is still what its first reader sees.
    const first = versions.findLastIndex((version) => version.at <= at - HISTORY_SECONDS * 1000);
    this.#versions.set(record.instanceId, versions.slice(Math.max(0, first)));
  }

  #transaction(work: () => void): void {
    this.#db.exec("begin immediate");
    try {
      work();
      this.#db.exec("commit");
    } catch (error) {
      this.#db.exec("rollback");
      throw error;
    }
  }
}

function newest(versions: readonly Version[]): InstanceRecord {
  const last = versions.at(-1);
  if (!last) throw new Error("An instance without a version.");
  return last.record;
}
