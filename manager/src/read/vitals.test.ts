import { CloudWatchClient, PutMetricDataCommand } from "@aws-sdk/client-cloudwatch";
import { METRICS } from "@elastic-gas/shared/metrics";
import { startTestCloud } from "@elastic-gas/testing/local-cloud/test-cloud";
import { waitUntil } from "@elastic-gas/testing/wait-until";
import { expect, it, onTestFinished } from "vitest";
import { readMetrics } from "./read-metrics.ts";
import { readVitals } from "./vitals.ts";

const HOST = { key: "host", metric: METRICS.hostCpu, dimensions: [], stat: "Average" } as const;

it("the machine's CPU comes from local-cloud, and two saturated periods in a row are noticed", async () => {
  await using cloud = await startTestCloud({ metricPeriodSeconds: 1 });
  const cloudwatch = new CloudWatchClient(cloud.clientConfig);
  onTestFinished(() => cloudwatch.destroy());
  await waitUntil("local-cloud has published", async () => {
    const now = Date.now();
    const series = await readMetrics(cloudwatch, [HOST], { from: now - 10_000, to: now, periodSeconds: 1 });
    return (series.get("host")?.values ?? []).some((value) => value !== null);
  });

  // Whatever this machine does just now, so many samples at 100 % outweigh it.
  const now = Date.now();
  await cloudwatch.send(
    new PutMetricDataCommand({
      Namespace: METRICS.hostCpu.namespace,
      MetricData: [0, 1, 2].map((secondsAgo) => ({
        MetricName: METRICS.hostCpu.name,
        Unit: "Percent",
        Timestamp: new Date(now - secondsAgo * 1_000),
        StatisticValues: { SampleCount: 1e6, Sum: 1e8, Minimum: 100, Maximum: 100 },
      })),
    }),
  );
  const instance = {
    id: "i-0aaa",
    pool: "web",
    intentId: null,
    releaseId: null,
    subnetId: null,
    state: "running",
  } as const;
  const details = { type: "t3.small", zone: "us-east-1a", address: null, launchedAt: 0, stateReason: null };
  const vitals = await readVitals(cloudwatch, [{ ...instance, ...details }], {
    now: now + 1_000,
    periodSeconds: 1,
    before: null,
  });
  expect(vitals.hostSaturation?.percent).toBeGreaterThan(99);
  expect(vitals.lastCpuAt).toEqual(new Map([["i-0aaa", null]]));
  expect(vitals.loads).toEqual(new Map([["i-0aaa", { cpuPercent: null, work: null }]]));
});
