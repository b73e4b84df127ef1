import { startTestHarness, type TestHarness } from "@elastic-gas/testing/autoscaler/test-harness";
import { sql } from "kysely";
import { afterAll, beforeAll, expect, it, onTestFinished, vi } from "vitest";

const HOUR_MS = 3_600_000;
const never = new AbortController().signal;
let harness: TestHarness;

beforeAll(async () => {
  harness = await startTestHarness({ TICK_SECONDS: "1", FAST_TICK_SECONDS: "1" });
});
afterAll(() => harness?.[Symbol.asyncDispose]());

/** Seconds between the newest check of the web pool and now, by the database's clock. */
async function ageOfLastCheck(): Promise<number> {
  const { age } = await harness.db
    .selectFrom("decisions")
    .select(sql<number>`timestampdiff(second, at, utc_timestamp(3))`.as("age"))
    .where("pool", "=", "web")
    .orderBy("id", "desc")
    .limit(1)
    .executeTakeFirstOrThrow();
  return Number(age);
}

async function passOnce(holder: string): Promise<void> {
  const { context, autoscaler } = harness.another(holder);
  await autoscaler.renewLease();
  await autoscaler.pass(never);
  await context.lease.release();
}

it.each([1, -1])("checks are told in the database's time by a machine whose clock is off by %i h", async (hours) => {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + hours * HOUR_MS });
  onTestFinished(() => void vi.useRealTimers());
  await harness.db.deleteFrom("decisions").execute();
  await passOnce(`off by ${hours}`);
  expect(Math.abs(await ageOfLastCheck())).toBeLessThan(600);
});

it("nothing waits for the time of a check that a wrong clock put into the future", async () => {
  await harness.db.updateTable("decisions").set({ at: sql<Date>`utc_timestamp(3) + interval 1 hour` }).execute();
  expect(await ageOfLastCheck()).toBeLessThan(-3_000);
  await passOnce("after");
  expect(await ageOfLastCheck()).toBeGreaterThanOrEqual(-1);
});
