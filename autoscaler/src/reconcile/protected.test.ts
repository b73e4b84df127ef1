import { startTestHarness } from "@elastic-gas/testing/autoscaler/test-harness";
import { waitUntil } from "@elastic-gas/testing/wait-until";
import { expect, it } from "vitest";
import { runAutoscaler } from "../loop.ts";

it("ends no worker that was protected before the pool was shrunk, also when both come within one pass", async () => {
  await using harness = await startTestHarness({ TICK_SECONDS: "1" });
  const { db } = harness;
  const stop = new AbortController();
  const ended = runAutoscaler(harness.another("one").context, { startId: undefined, signal: stop.signal });
  const workers = async () =>
    db
      .selectFrom("workers")
      .select(["instanceId", "draining"])
      .where("pool", "=", "web")
      .where("inServiceAt", "is not", null)
      .execute();
  try {
    await waitUntil("the pools", () =>
      db.selectFrom("pools").select("name").where("name", "=", "web").executeTakeFirst(),
    );
    const manualUntil = new Date(Date.now() + 3_600_000);
    await db.updateTable("pools").set({ manualUntil, desired: 2 }).where("name", "=", "web").execute();
    await waitUntil("two workers in service", async () => (await workers()).length === 2);

    // The pass has read the workers; it reads the pool's size again after the check, whose metrics it asks for now.
    let isMade = false;
    harness.intercept(async ({ operation }, next) => {
      if (operation === "GetMetricData" && !isMade) {
        isMade = true;
        await db.updateTable("workers").set({ protectedFromShrinking: true }).where("pool", "=", "web").execute();
        await harness.setPool("web", { desired: 1 });
      }
      return next();
    });
    const reason = await waitUntil("the sentence", async () => {
      const latest = await db
        .selectFrom("decisions")
        .select("reason")
        .where("pool", "=", "web")
        .orderBy("id", "desc")
        .executeTakeFirst();
      return latest?.reason.includes("protected from shrinking") === true && latest.reason;
    });
    expect(reason).toMatch(/The pool is still larger: i-\w+ and i-\w+ are protected from shrinking\.$/);
    expect((await workers()).map(({ draining }) => draining)).toEqual([false, false]);
  } finally {
    stop.abort();
    await ended;
  }
}, 240_000);
