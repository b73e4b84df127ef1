import { POOLS } from "@elastic-gas/scaling/pools";
import { startTestHarness } from "@elastic-gas/testing/autoscaler/test-harness";
import { buildWorker } from "@elastic-gas/testing/scaling/build-worker";
import { expect, it } from "vitest";
import type { Pool } from "../context/context.ts";
import { observePool } from "./observe-pool.ts";

const NOW = Date.UTC(2026, 0, 5, 14, 0, 20);
const POOL: Pool = {
  name: "web",
  ...POOLS.web.defaults,
  policyVersion: 1,
  policyState: null,
  paused: null,
  manualUntil: null,
  stopping: false,
  startId: null,
  observedAt: null,
  checkedAt: null,
};

it("asks for the CPU of every worker, at most 500 metrics in a call", async () => {
  await using harness = await startTestHarness();
  const asked: number[] = [];
  harness.intercept(async ({ operation, input }, next) => {
    if (operation !== "GetMetricData") return next();
    const { MetricDataQueries } = Object(input) as { readonly MetricDataQueries: readonly { readonly Id: string }[] };
    asked.push(MetricDataQueries.length);
    return {
      MetricDataResults: MetricDataQueries.map(({ Id }) => ({
        Id,
        Timestamps: [new Date(NOW - 60_000)],
        Values: [50],
      })),
    };
  });
  const workers = Array.from({ length: 1_201 }, (_, index) => buildWorker({ id: `i-${index}` }));
  const { seen, failure } = await observePool(
    harness.context.cloud,
    { pool: POOL, workers, launching: 0, launchFailing: false, balancer: null, queueName: null, service: null },
    { periodSeconds: 60, tickSeconds: 60 },
    NOW,
  );
  expect(failure).toBeNull();
  expect(asked).toEqual([500, 500, 201]);
  expect(seen.workers.filter(({ cpu }) => cpu[0]?.percent === 50)).toHaveLength(1_201);
});
