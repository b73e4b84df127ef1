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

/** The buckets, in memory and on disk. Every change is on disk when its function returns. */
export class BucketIndex {
  readonly #byName: Map<string, Bucket>;
  readonly #insert: StatementSync;
  readonly #delete: StatementSync;
  readonly #setSettings: StatementSync;

  constructor(db: DatabaseSync) {
    db.exec(SCHEMA);
    this.#insert = db.prepare("insert into buckets values (?, ?, ?, ?)");
    this.#delete = db.prepare("delete from buckets where name = ?");
    this.#setSettings = db.prepare("update buckets set settings = ? where name = ?");
    const buckets = db.prepare("select * from buckets").all().map(bucketOf);
    this.#byName = new Map(buckets.map((bucket) => [bucket.name, bucket]));
  }

  find(name: string): Bucket | undefined {
    return this.#byName.get(name);
  }

  insert(bucket: Bucket): void {
    const { name, createdAt, region, settings } = bucket;
    this.#insert.run(name, createdAt.getTime(), region, JSON.stringify(settings));
    this.#byName.set(name, bucket);
  }

  delete(name: string): void {
    this.#delete.run(name);
    this.#byName.delete(name);
  }

  /** In order of names, after one name and from a prefix on. */
  list(after: string, prefix: string, limit: number): readonly Bucket[] {
    return [...this.#byName.values()]
      .filter(({ name }) => name > after && name.startsWith(prefix))
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .slice(0, limit);
  }

  setSettings(name: string, settings: BucketSettings): void {
    this.#setSettings.run(JSON.stringify(settings), name);
    const bucket = this.#byName.get(name);
    if (bucket) this.#byName.set(name, { ...bucket, settings });
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
