import type { PoolName } from "@elastic-gas/shared/resources";
import { startTestHarness, type TestHarness } from "@elastic-gas/testing/autoscaler/test-harness";
import { waitUntil } from "@elastic-gas/testing/wait-until";
import { sql } from "kysely";
import { expect, it } from "vitest";
import { ensurePools } from "../pools/pools.ts";

const FOREVER = new AbortController().signal;
const SIZES: Readonly<Record<PoolName, number>> = { web: 4, annotator: 3, utility: 2 };
const POOLS: readonly PoolName[] = ["web", "annotator", "utility"];

it("SIGKILL to every worker of every pool at once: all are launched again within two passes, for lost is not unhealthy", async () => {
  await using harness = await startTestHarness({ HEALTH_CHECK_INTERVAL_SECONDS: "1", LEASE_SECONDS: "30" });
  await ensurePools(harness.db, new Date());
  for (const pool of POOLS) await harness.setPool(pool, { desired: SIZES[pool], max: 10 });
  const { autoscaler } = harness.another("one");
  const pass = async (): Promise<void> => {
    await beat(harness);
    await autoscaler.renewLease();
    await autoscaler.pass(FOREVER);
  };
  const complete = async (): Promise<boolean> => {
    const rows = await harness.db
      .selectFrom("workers")
      .select("pool")
      .where("inServiceAt", "is not", null)
      .where("unhealthySince", "is", null)
      .where("draining", "=", false)
      .execute();
    return POOLS.every((pool) => rows.filter((row) => row.pool === pool).length === SIZES[pool]);
  };
  const toCompletion = () =>
    waitUntil(
      "all pools in service",
      async () => {
        await pass();
        return complete();
      },
      { deadlineMs: 120_000 },
    );
  await toCompletion();

  const lost = (await Promise.all(POOLS.map((pool) => harness.living(pool)))).flat().map(({ id }) => id);
  expect(lost).toHaveLength(9);
  harness.changes.length = 0;
  for (const instanceId of lost) {
    const answer = await fetch(`${harness.cloud.endpoint}/_faults`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ kind: "kill-instance", instanceId }),
    });
    expect(answer.status).toBe(200);
  }
  await waitUntil("EC2 to say that all are gone", async () => {
    const living = await Promise.all(POOLS.map((pool) => harness.living(pool)));
    return living.flat().length === 0;
  });

  await pass();
  await pass();
  const launched = harness.changes.flatMap(({ operation, instanceIds }) =>
    operation === "RunInstances" ? instanceIds : [],
  );
  expect(launched).toHaveLength(9);
  await toCompletion();
  for (const pool of POOLS) expect(await harness.instances(pool)).toHaveLength(SIZES[pool]);
  expect(harness.changes.filter(({ operation }) => operation === "RunInstances")).toHaveLength(9);
}, 300_000);

/** Heartbeats of the workers that stand behind no load balancer, as they write them once a second. */
async function beat({ db, living }: TestHarness): Promise<void> {
  for (const pool of ["annotator", "utility"] as const) {
    for (const { id } of (await living(pool)).filter(({ state }) => state === "running")) {
      await db
        .insertInto("workers")
        .values({ instanceId: id, pool, at: new Date() })
        .onDuplicateKeyUpdate({ at: sql<Date>`utc_timestamp(3)` })
        .execute();
    }
  }
}
