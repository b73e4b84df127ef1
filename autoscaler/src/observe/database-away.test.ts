import { connectDatabase } from "@elastic-gas/shared/database/connect";
import { startTestHarness } from "@elastic-gas/testing/autoscaler/test-harness";
import { createStallableProxy } from "@elastic-gas/testing/stallable-proxy";
import { waitUntil } from "@elastic-gas/testing/wait-until";
import { expect, it } from "vitest";
import { Lease } from "../lease/lease.ts";
import { runAutoscaler } from "../loop.ts";

it("tells of every pool, when the database is back, that it was not checked for so long", async () => {
  await using harness = await startTestHarness({ TICK_SECONDS: "1", FAST_TICK_SECONDS: "1", LEASE_SECONDS: "3" });
  const { db: seen, config } = harness;
  const address = new URL(harness.environment.DATABASE_URL ?? "");
  await using proxy = await createStallableProxy(Number(address.port));
  address.port = String(proxy.port);
  const db = connectDatabase({ url: address.href, connectionLimit: 4 });
  const lease = new Lease(db, { holder: "behind the proxy", leaseSeconds: config.LEASE_SECONDS });
  const stop = new AbortController();
  const running = runAutoscaler({ ...harness.context, db, lease }, { startId: undefined, signal: stop.signal });
  const decisions = () => seen.selectFrom("decisions").select(["id", "pool", "reason"]).orderBy("id").execute();
  const checked = async (after: number) =>
    new Set((await decisions()).filter(({ id }) => id > after).map(({ pool }) => pool));
  try {
    await waitUntil("a check of each pool", async () => (await checked(0)).size === 3);
    expect((await decisions()).filter(({ reason }) => reason.startsWith("Not checked"))).toEqual([]);

    proxy.stall();
    await waitUntil("the lease to run out", async () => {
      const row = await seen.selectFrom("leases").select("until").executeTakeFirst();
      return row?.until != null && row.until.getTime() < Date.now();
    });
    const last = (await decisions()).at(-1)?.id ?? 0;
    proxy.resume();
    await waitUntil(
      "a check of each pool again",
      async () =>
        (await decisions()).filter(({ id, reason }) => id > last && !reason.startsWith("Not checked")).length >= 3,
    );
    const told = (await decisions()).filter(({ id, reason }) => id > last && reason.startsWith("Not checked"));
    expect(told.map(({ pool }) => pool).sort()).toEqual(["annotator", "utility", "web"]);
    for (const { reason } of told) expect(reason).toMatch(/^Not checked for \d+.s: the database did not answer\.$/);
  } finally {
    proxy.resume();
    stop.abort();
    await running;
    await db.destroy();
  }
});
