import type { Database } from "@elastic-gas/shared/database/connect";
import type { PoolName } from "@elastic-gas/shared/resources";
import type { DeadLetterCount, FailedLaunch } from "../model/alerts/alert-facts.ts";

/**
 * Who acts, or last acted, as the autoscaler, and until when: it is renewed while it lives, and `until` is null after
 * it was given back. null before the first.
 */
export async function findAutoscalerLease(
  db: Database,
): Promise<{ readonly holder: string; readonly until: number | null } | null> {
  const row = await db.selectFrom("leases").selectAll().where("name", "=", "autoscaler").executeTakeFirst();
  return row?.holder == null ? null : { holder: row.holder, until: row.until?.getTime() ?? null };
}

/** Per pool the launches that failed since the last one that succeeded, newest first. */
export async function listFailedLaunches(db: Database, since: number): Promise<readonly FailedLaunch[]> {
  const rows = await db
    .selectFrom("launchIntents")
    .select(["pool", "state", "failure", "updatedAt"])
    .where("createdAt", ">=", new Date(since))
    .orderBy("createdAt", "desc")
    .limit(200)
    .execute();
  const succeeded = new Set<PoolName>();
  const failed: FailedLaunch[] = [];
  for (const row of rows) {
    if (row.state === "launched") succeeded.add(row.pool);
    if (row.state !== "failed" || succeeded.has(row.pool)) continue;
    failed.push({ pool: row.pool, at: row.updatedAt.getTime(), failure: row.failure ?? "the launch failed" });
  }
  return failed;
}

/** Messages that ended in a dead-letter queue and that nobody has looked after yet. */
export async function countDeadLetters(db: Database): Promise<readonly DeadLetterCount[]> {
  const rows = await db
    .selectFrom("deadLetters")
    .select((eb) => [
      "queue",
      eb.fn.countAll<number>().as("count"),
      eb.fn.max("at").as("latestAt"),
      eb.fn.max("outcome").as("outcome"),
    ])
    .where("resolvedAt", "is", null)
    .groupBy("queue")
    .execute();
  return rows.map((row) => ({
    queue: row.queue,
    count: Number(row.count),
    latestAt: row.latestAt.getTime(),
    outcome: row.outcome,
  }));
}

/** What workers say that they cannot do although they are healthy, by instance id. */
export async function listLacks(db: Database): Promise<ReadonlyMap<string, string>> {
  const rows = await db.selectFrom("workers").select(["instanceId", "lacks"]).where("lacks", "is not", null).execute();
  return new Map(rows.map(({ instanceId, lacks }) => [instanceId, lacks ?? ""]));
}
