import type { Database } from "@elastic-gas/shared/database/connect";
import type { PoolName } from "@elastic-gas/shared/resources";
import type { WorkerEvents } from "../model/charts/worker-lives.ts";

/** The workers of a pool that lived within a span, and from when on their lives are kept. */
export async function listWorkerLives(
  db: Database,
  pool: PoolName,
  { from, to }: { readonly from: number; readonly to: number },
): Promise<Pick<WorkerEvents, "lives" | "since">> {
  const [rows, oldest] = await Promise.all([
    db
      .selectFrom("workerHistory")
      .select(["launchedAt", "warmingAt", "inServiceAt", "drainingAt", "endedAt"])
      .where("pool", "=", pool)
      .where("launchedAt", "<=", new Date(to))
      .where((eb) => eb.or([eb("endedAt", "is", null), eb("endedAt", ">=", new Date(from))]))
      .execute(),
    db
      .selectFrom("workerHistory")
      .select((eb) => eb.fn.min<Date | null>("notedAt").as("at"))
      .where("pool", "=", pool)
      .executeTakeFirst(),
  ]);
  return {
    lives: rows.map((row) => ({
      launchedAt: row.launchedAt.getTime(),
      warmingAt: row.warmingAt?.getTime() ?? null,
      inServiceAt: row.inServiceAt?.getTime() ?? null,
      drainingAt: row.drainingAt?.getTime() ?? null,
      endedAt: row.endedAt?.getTime() ?? null,
    })),
    since: oldest?.at?.getTime() ?? null,
  };
}
