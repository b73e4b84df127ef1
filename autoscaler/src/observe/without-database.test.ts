import { writeBeat } from "@elastic-gas/shared/reliability/heartbeat";
import { startTestHarness } from "@elastic-gas/testing/autoscaler/test-harness";
import { waitUntil } from "@elastic-gas/testing/wait-until";
import { sql } from "kysely";
import { expect, it } from "vitest";
import { runAutoscaler } from "../loop.ts";

it("replaces the web worker that lost the database while others have it, and nobody when all lost it", async () => {
  await using harness = await startTestHarness({ TICK_SECONDS: "1" });
  const { db } = harness;
  const stop = new AbortController();
  const ended = runAutoscaler(harness.another("one").context, { startId: undefined, signal: stop.signal });
  const inService = async () => {
    const rows = await db
      .selectFrom("workers")
      .select("instanceId")
      .where("pool", "=", "web")
      .where("state", "=", "in service")
      .execute();
    return rows.map(({ instanceId }) => instanceId).sort();
  };
  const replacements = () =>
    db.selectFrom("activities").selectAll().where("pool", "=", "web").where("cause", "=", "replacement").execute();
  const beat = (instanceId: string) =>
    writeBeat(db, { instanceId, pool: "web", intervalSeconds: harness.config.HEARTBEAT_SECONDS, jobId: null });
  const setBack = (ids: readonly string[], column: "at" | "beatingSince") =>
    db
      .updateTable("workers")
      .set({ [column]: sql<Date>`utc_timestamp(3) - interval 10 minute` })
      .where("instanceId", "in", ids)
      .execute();

  try {
    await waitUntil("the pools", () =>
      db.selectFrom("pools").select("name").where("name", "=", "web").executeTakeFirst(),
    );
    await db
      .updateTable("pools")
      .set({ policy: JSON.stringify({ kind: "fixed" }), desired: 3 })
      .where("name", "=", "web")
      .execute();
    const ids = await waitUntil("3 workers in service", async () => {
      const found = await inService();
      return found.length === 3 && found;
    });
    const [lost = "", ...others] = ids;

    // All of them wrote their last heartbeat long ago: the database was away.
    for (const id of ids) await beat(id);
    await setBack(ids, "at");
    const observed = (
      await db.selectFrom("pools").select("observedAt").where("name", "=", "web").executeTakeFirstOrThrow()
    ).observedAt;
    const graceMs = harness.config.UNHEALTHY_GRACE_SECONDS * 1_000;
    await waitUntil("looks for longer than the grace period", async () => {
      const { observedAt } = await db
        .selectFrom("pools")
        .select("observedAt")
        .where("name", "=", "web")
        .executeTakeFirstOrThrow();
      return (observedAt?.getTime() ?? 0) > (observed?.getTime() ?? 0) + 2 * graceMs;
    });
    expect(await inService()).toEqual(ids);

    // Two write again, and have done so for a while; the third does not.
    for (const id of others) await beat(id);
    await setBack(others, "beatingSince");
    const [replaced] = await waitUntil("the replacement", async () => {
      for (const id of others) await beat(id);
      const rows = await replacements();
      return rows.length > 0 && rows;
    });
    expect(replaced?.instanceIds[0]).toBe(lost);
    expect(replaced?.reason).toMatch(
      new RegExp(`^web replaced ${lost}: could not use the database for .* while other workers could\\.$`),
    );
    await waitUntil("3 in service again", async () => {
      for (const id of others) await beat(id);
      const now = await inService();
      return now.length === 3 && !now.includes(lost) && others.every((id) => now.includes(id));
    });
    expect(await replacements()).toHaveLength(1);
  } finally {
    stop.abort();
    await ended;
  }
}, 240_000);
