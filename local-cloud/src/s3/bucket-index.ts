import type { DatabaseSync, StatementSync } from "node:sqlite";
import { z } from "zod";

const SCHEMA = `
  create table if not exists buckets (name text primary key, created_at integer not null, region text not null, settings text not null)
  without rowid`;

export const CorsRule = z.object({
  ID: z.string().optional(),
  AllowedHeaders: z.array(z.string()).optional(),
  AllowedMethods: z.array(z.string()),
  AllowedOrigins: z.array(z.string()),
  ExposeHeaders: z.array(z.string()).optional(),
  MaxAgeSeconds: z.number().optional(),
});
export type CorsRule = z.infer<typeof CorsRule>;

export const BucketSettings = z.object({
  cors: z.array(CorsRule).optional(),
  publicAccessBlock: z
    .object({
      BlockPublicAcls: z.boolean().optional(),
      IgnorePublicAcls: z.boolean().optional(),
      BlockPublicPolicy: z.boolean().optional(),
      RestrictPublicBuckets: z.boolean().optional(),
    })
    .optional(),
});
export type BucketSettings = z.infer<typeof BucketSettings>;

export interface Bucket {
  readonly name: string;
  readonly createdAt: Date;
  readonly region: string;
  readonly settings: BucketSettings;
}

export class BucketIndex {
  readonly #find: StatementSync;
  readonly #insert: StatementSync;
  readonly #delete: StatementSync;
  readonly #list: StatementSync;
  readonly #setSettings: StatementSync;

  constructor(db: DatabaseSync) {
    db.exec(SCHEMA);
    this.#find = db.prepare("select * from buckets where name = ?");
    this.#insert = db.prepare("insert into buckets values (?, ?, ?, ?)");
    this.#delete = db.prepare("delete from buckets where name = ?");
    this.#list = db.prepare("select * from buckets where name > ? and name >= ? order by name limit ?");
    this.#setSettings = db.prepare("update buckets set settings = ? where name = ?");
  }

  find(name: string): Bucket | undefined {
    const row = this.#find.get(name);
    return row === undefined ? undefined : bucketOf(row);
  }

  insert({ name, createdAt, region, settings }: Bucket): void {
    this.#insert.run(name, createdAt.getTime(), region, JSON.stringify(settings));
  }

  delete(name: string): void {
    this.#delete.run(name);
  }

  /** In order of names, after one name and from a prefix on. */
  list(after: string, prefix: string, limit: number): readonly Bucket[] {
    return this.#list
      .all(after, prefix, limit)
      .map(bucketOf)
      .filter(({ name }) => name.startsWith(prefix));
  }

  setSettings(name: string, settings: BucketSettings): void {
    this.#setSettings.run(JSON.stringify(settings), name);
  }
}

function bucketOf(row: Readonly<Record<string, unknown>>): Bucket {
  return {
    name: String(row.name),
    createdAt: new Date(Number(row.created_at)),
    region: String(row.region),
    settings: BucketSettings.parse(JSON.parse(String(row.settings))),
  };
}
