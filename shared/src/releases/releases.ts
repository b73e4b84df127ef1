import type { Transaction } from "kysely";
import type { Database } from "../database/connect.ts";
import { insertUnlessThere } from "../database/insert-unless-there.ts";
import type { Tables } from "../database/tables.ts";
import { ReleaseManifest, releaseIdOf } from "./manifest.ts";

/** A release that was published. Instants are epoch milliseconds. */
export interface Release {
  readonly id: string;
  readonly publishedBy: string;
  readonly publishedAt: number;
}

/** Writes a release down, unless it is there: what differs in anything has another id. Returns its id. */
export async function insertRelease(
  db: Database | Transaction<Tables>,
  manifest: ReleaseManifest,
  { actor, now }: { readonly actor: string; readonly now: Date },
): Promise<string> {
  const id = releaseIdOf(manifest);
  await insertUnlessThere(
    db.insertInto("releases").values({ id, manifest: JSON.stringify(manifest), publishedBy: actor, publishedAt: now }),
  );
  return id;
}

/** The latest ones, newest first. */
export async function listReleases(db: Database, limit: number): Promise<readonly Release[]> {
  const rows = await db
    .selectFrom("releases")
    .select(["id", "publishedBy", "publishedAt"])
    .orderBy("publishedAt", "desc")
    .orderBy("id")
    .limit(limit)
    .execute();
  return rows.map((row) => ({ ...row, publishedAt: row.publishedAt.getTime() }));
}

/** Those whose id begins like this: people give the first characters. */
export async function findReleases(db: Database, start: string): Promise<readonly string[]> {
  if (!/^[0-9a-f]{4,64}$/.test(start)) return [];
  const rows = await db.selectFrom("releases").select("id").where("id", "like", `${start}%`).limit(2).execute();
  return rows.map(({ id }) => id);
}

/** Throws when there is none. */
export async function getManifest(db: Database, id: string): Promise<ReleaseManifest> {
  const row = await db.selectFrom("releases").select("manifest").where("id", "=", id).executeTakeFirst();
  if (row === undefined) throw new Error(`No release ${id}. Publish one: ./start.sh release.`);
  return ReleaseManifest.parse(row.manifest);
}
