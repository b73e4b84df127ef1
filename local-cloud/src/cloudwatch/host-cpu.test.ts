import { CloudWatchClient, GetMetricDataCommand } from "@aws-sdk/client-cloudwatch";
import { METRICS } from "@elastic-gas/shared/metrics";
import { startTestCloud } from "@elastic-gas/testing/local-cloud/test-cloud";
import { waitUntil } from "@elastic-gas/testing/wait-until";
import { describe, expect, it } from "vitest";
import { HostCpu, parseHostTicks, readHostTicks } from "./host-cpu.ts";

const period = { startedAt: new Date(60_000), seconds: 60 };

describe("the CPU of the machine", () => {
  it("counts all but idle time and waiting for disks, and a guest's time once", () => {
    const text = "cpu  100 10 40 800 50 1 2 7 30 5\ncpu0 1 2 3 4 5 6 7 8 9 10\n";
    expect(parseHostTicks(text)).toEqual({ busy: 160, total: 1010 });
  });

  it("is read from this machine's /proc/stat", () => {
    const { busy, total } = readHostTicks();
    expect(busy).toBeGreaterThan(0);
    expect(total).toBeGreaterThan(busy);
  });

  it("refuses what is not /proc/stat", () => {
    expect(() => parseHostTicks("intr 1 2 3\n")).toThrow(/not with cpu/);
  });

  it("is the busy share between two readings, and nothing after the first", () => {
    const host = new HostCpu();
    expect(host.data({ busy: 100, total: 1_000 }, period)).toEqual([]);
    expect(host.data({ busy: 195, total: 1_100 }, period)).toMatchObject([
      { MetricName: "CPUUtilization", Value: 95, Unit: "Percent", Timestamp: new Date(60_000) },
    ]);
    expect(host.data({ busy: 195, total: 1_100 }, period)).toEqual([]);
    expect(host.data({ busy: 190, total: 1_200 }, period)).toMatchObject([{ Value: 0 }]);
  });

  it("stands in CloudWatch each period, in a namespace that AWS does not have", async () => {
    await using cloud = await startTestCloud({ metricPeriodSeconds: 1 });
    const cloudwatch = new CloudWatchClient(cloud.clientConfig);
    const { namespace: Namespace, name: MetricName } = METRICS.hostCpu;
    const values = await waitUntil("the machine's CPU was published", async () => {
      const { MetricDataResults: [result] = [] } = await cloudwatch.send(
        new GetMetricDataCommand({
          StartTime: new Date(Date.now() - 60_000),
          EndTime: new Date(Date.now() + 1_000),
          MetricDataQueries: [
            { Id: "host", MetricStat: { Metric: { Namespace, MetricName }, Period: 1, Stat: "Average" } },
          ],
        }),
      );
      return (result?.Values?.length ?? 0) >= 2 && result?.Values;
    });
    cloudwatch.destroy();
    for (const value of values) {
      expect(value).toBeGreaterThanOrEqual(0);
      expect(value).toBeLessThanOrEqual(100);
    }
  });
});
