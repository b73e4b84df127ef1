import { startTestHarness } from "@elastic-gas/testing/autoscaler/test-harness";
import { waitUntil } from "@elastic-gas/testing/wait-until";
import { expect, it, onTestFinished } from "vitest";
import { runAutoscaler } from "./loop.ts";

it("a check is made when it is due, however far apart the passes are", async () => {
  const harness = await startTestHarness({
    TICK_SECONDS: "1",
    FAST_TICK_SECONDS: "1",
    RECONCILE_SECONDS: "60",
    LEASE_SECONDS: "90",
  });
  onTestFinished(() => harness[Symbol.asyncDispose]());
  const stop = new AbortController();
  const ended = runAutoscaler(harness.another("run").context, { startId: "run", signal: stop.signal });
  onTestFinished(async () => {
    stop.abort();
    await ended;
  });
  const checks = () =>
    harness.db.selectFrom("decisions").select("at").where("pool", "=", "web").orderBy("id").execute();
  const [first = 0, , , fourth] = await waitUntil(
    "four checks",
    async () => {
      const made = await checks();
      return made.length >= 4 && made.map(({ at }) => at.getTime());
    },
    { deadlineMs: 150_000 },
  );
  // With a pass each minute they would be three minutes apart.
  expect((fourth ?? Number.POSITIVE_INFINITY) - first).toBeLessThan(120_000);
});
