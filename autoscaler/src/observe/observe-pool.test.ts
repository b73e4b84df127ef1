import { AdaptivePolicy } from "@elastic-gas/scaling/policy";
import { POOLS } from "@elastic-gas/scaling/pools";
import { startTestHarness } from "@elastic-gas/testing/autoscaler/test-harness";
import { buildRecord, buildWorker } from "@elastic-gas/testing/scaling/build-worker";
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
    {
      pool: POOL,
      workers,
      launching: 0,
      launchFailing: false,
      balancer: null,
      queueName: null,
      service: null,
      records: new Map(),
    },
    { periodSeconds: 60, tickSeconds: 60, minuteSeconds: 60 },
    NOW,
  );
  expect(failure).toBeNull();
  expect(asked).toEqual([500, 500, 201]);
  expect(seen.workers.filter(({ cpu }) => cpu[0]?.percent === 50)).toHaveLength(1_201);
});

it("asks CloudWatch for nothing while the workers tell their load themselves, and for all when they stop", async () => {
  await using harness = await startTestHarness();
  let asked = 0;
  harness.intercept(async ({ operation }, next) => {
    if (operation === "GetMetricData") asked += 1;
    return next();
  });
  const pool: Pool = { ...POOL, policy: AdaptivePolicy.parse({ kind: "adaptive" }) };
  const observe = (newest: number) => {
    const points = [{ at: newest, cpuPercent: 70, requests: 12, successes: 12, responseMs: 240 }];
    const records = new Map([["i-1", buildRecord({ loadPoints: { periodSeconds: 10, points } })]]);
    const workers = [buildWorker({ inServiceAt: NOW - 600_000 })];
    const rest = { launching: 0, launchFailing: false, balancer: null, queueName: null, service: null };
    const settings = { periodSeconds: 60, tickSeconds: 10, minuteSeconds: 60 };
    return observePool(harness.context.cloud, { pool, workers, records, ...rest }, settings, NOW);
  };
  const { seen } = await observe(NOW - 12_000);
  expect(seen).toMatchObject({
    periodSeconds: 10,
    workers: [{ cpu: [{ percent: 70 }] }],
    balancer: [{ requests: 12 }],
  });
  expect(asked).toBe(0);
  expect((await observe(NOW - 120_000)).seen).toMatchObject({ periodSeconds: 60, workers: [{ cpu: [] }] });
  expect(asked).toBe(1);
});
