import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { S3Client } from "@aws-sdk/client-s3";
import { createAwsClient } from "@elastic-gas/shared/aws/clients";
import type { Config } from "@elastic-gas/shared/config";
import { connectDatabase, type Database } from "@elastic-gas/shared/database/connect";
import { formatRelease } from "@elastic-gas/shared/releases/format-release";
import { insertRelease } from "@elastic-gas/shared/releases/releases";
import { adoptRelease, beginUpdate, type UpdateChange } from "@elastic-gas/shared/releases/updates";
import { resourcesOf } from "@elastic-gas/shared/resources";
import { type Environment, workerSettings } from "./environment.ts";
import { offerNodeModules, publishRelease } from "./release.ts";

export interface Publication {
  readonly root: string;
  readonly config: Config;
  readonly settings: Environment;
}

const START = "start.sh";

/** Publishes what this checkout holds; nothing runs it yet. Returns its id, the same for the same content. */
export async function publish(db: Database, { root, config, settings }: Publication, actor: string): Promise<string> {
  const s3 = createAwsClient(S3Client, config, { requestTimeoutMs: 60_000 });
  const manifest = await publishRelease({
    s3,
    bucket: resourcesOf(config).buckets.releases,
    root,
    ...(config.RELEASE_SHA256 === undefined ? {} : { uploaded: config.RELEASE_SHA256 }),
    settingsOf: (pool) => workerSettings(settings, pool),
  });
  s3.destroy();
  if (config.CLOUD === "local") {
    const cache = join(config.DATA_DIR, "cache");
    await mkdir(cache, { recursive: true });
    await offerNodeModules(root, cache, manifest.lockfileHash);
  }
  return insertRelease(db, manifest, { actor, now: new Date() });
}

/**
 * A start publishes this checkout. Where no worker runs, new ones run it at once; where some do, as on AWS after the
 * manager's machine was replaced, they are updated one by one. Returns what to print.
 */
export async function publishAtStart(publication: Publication): Promise<readonly string[]> {
  const db = connectDatabase({ url: publication.config.DATABASE_URL, connectionLimit: 1 });
  try {
    return await useRelease(db, await publish(db, publication, START), publication.config);
  } finally {
    await db.destroy();
  }
}

/** Takes a release into use as a start does. */
export async function useRelease(
  db: Database,
  to: string,
  { CANARY_SECONDS: canarySeconds }: Pick<Config, "CANARY_SECONDS">,
): Promise<readonly string[]> {
  return db.transaction().execute(async (trx) => {
    const now = new Date();
    const running = await trx
      .selectFrom("workers")
      .select("instanceId")
      .where("draining", "=", false)
      .limit(1)
      .execute();
    if (running.length === 0) {
      await adoptRelease(trx, { to, actor: START, now });
      return [];
    }
    const change = await beginUpdate(trx, { to, canarySeconds, actor: START, now });
    return [lineOf(to, change)];
  });
}

function lineOf(id: string, change: UpdateChange): string {
  const words =
    change.kind === "done" ? change.sentence : `Release ${formatRelease(id)} is not in use: ${change.reason}.`;
  return `${change.kind === "done" ? "ok" : "!!"} release      ${words}`;
}
