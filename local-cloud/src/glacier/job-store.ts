import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import { Segments } from "./vault-store.ts";

const InventoryParameters = z.object({
  Format: z.string(),
  StartDate: z.string().optional(),
  EndDate: z.string().optional(),
  Limit: z.string().optional(),
  Marker: z.string().optional(),
});

const Record = z.object({
  id: z.string(),
  vault: z.string(),
  description: z.string().optional(),
  tier: z.enum(["Expedited", "Standard", "Bulk"]),
  createdAt: z.string(),
  /** Why it ends without a result; absent when it will succeed. */
  failure: z.string().optional(),
  subject: z.discriminatedUnion("kind", [
    z.object({
      kind: z.literal("archive"),
      archiveId: z.string(),
      archiveDescription: z.string(),
      archiveBytes: z.number(),
      archiveTreeHash: z.string(),
      segments: Segments,
      /** First and last byte of the archive that are retrieved. */
      start: z.number(),
      end: z.number(),
      treeHash: z.string().optional(),
    }),
    z.object({ kind: z.literal("inventory"), parameters: InventoryParameters, sizeBytes: z.number() }),
  ]),
});

/** One retrieval. It is in progress until `readyAt` and then has succeeded or failed; nothing has to run for that. */
export type Job = z.infer<typeof Record> & { readonly readyAt: Date };
export type ArchiveSubject = Extract<Job["subject"], { kind: "archive" }>;
export type InventorySubject = Extract<Job["subject"], { kind: "inventory" }>;

type Row = Readonly<{ [column: string]: unknown }>;

export class JobStore {
  readonly #db: DatabaseSync;

  constructor(db: DatabaseSync) {
    this.#db = db;
  }

  /** `output` is an inventory's document; archives are read from their blobs. */
  add({ readyAt, ...record }: Job, output = ""): void {
    this.#db
      .prepare("insert into jobs (id, vault, record, ready_at, output) values (?, ?, ?, ?, ?)")
      .run(record.id, record.vault, JSON.stringify(record), readyAt.getTime(), output);
  }

  replace({ readyAt: _readyAt, ...record }: Job): void {
    this.#db.prepare("update jobs set record = ? where id = ?").run(JSON.stringify(record), record.id);
  }

  find(vault: string, id: string): Job | undefined {
    const row = this.#db.prepare("select record, ready_at from jobs where id = ? and vault = ?").get(id, vault);
    return row && readRow(row);
  }

  outputOf(id: string): string {
    return String(this.#db.prepare("select output from jobs where id = ?").get(id)?.output ?? "");
  }

  /** Newest first. */
  list(vault: string): readonly Job[] {
    return this.#db
      .prepare("select record, ready_at from jobs where vault = ? order by number desc")
      .all(vault)
      .map(readRow);
  }

  countExpedited(now: Date): number {
    return this.#db
      .prepare("select record, ready_at from jobs where ready_at > ?")
      .all(now.getTime())
      .filter((row) => readRow(row).tier === "Expedited").length;
  }

  /** Forgets jobs that were ready at or before a time; returns them. */
  deleteReadyBefore(time: Date): readonly Job[] {
    return this.#db
      .prepare("delete from jobs where ready_at <= ? returning record, ready_at")
      .all(time.getTime())
      .map(readRow);
  }

  deleteOfVault(vault: string): void {
    this.#db.prepare("delete from jobs where vault = ?").run(vault);
  }

  listBlobs(): readonly string[] {
    return this.#db.prepare("select record, ready_at from jobs").all().map(readRow).flatMap(blobsOf);
  }
}

export function blobsOf({ subject }: Job): readonly string[] {
  return subject.kind === "archive" ? subject.segments.map(({ blob }) => blob) : [];
}

function readRow(row: Row): Job {
  return { ...Record.parse(JSON.parse(String(row.record))), readyAt: new Date(Number(row.ready_at)) };
}
