import {
  CloudWatchClient,
  GetMetricStatisticsCommand,
  InvalidParameterValueException,
  ListMetricsCommand,
  type MetricDatum,
  PutMetricDataCommand,
  paginateGetMetricData,
} from "@aws-sdk/client-cloudwatch";
import { startTestCloud } from "@elastic-gas/testing/local-cloud/test-cloud";
import { expect, it, onTestFinished } from "vitest";

it("keeps and answers metrics through the real client, also compressed and page by page", async () => {
  const cloud = await startTestCloud();
  onTestFinished(() => cloud[Symbol.asyncDispose]());
  const cloudWatch = new CloudWatchClient(cloud.clientConfig);
  onTestFinished(() => cloudWatch.destroy());
  const minute = Math.floor(Date.now() / 60_000) * 60_000;
  const at = (minutesAgo: number) => new Date(minute - minutesAgo * 60_000);
  const dimensions = [{ Name: "InstanceId", Value: "i-0123456789abcdef0" }];
  // 200 data are more than 10 kB, which the client compresses.
  const MetricData: MetricDatum[] = Array.from({ length: 200 }, (_, index) => ({
    MetricName: "RequestCount",
    Dimensions: dimensions,
    Timestamp: at(1 + (index % 10)),
    Value: 1,
    Unit: "Count",
  }));
  await cloudWatch.send(new PutMetricDataCommand({ Namespace: "ElasticGAS", MetricData }));

  const Metric = { Namespace: "ElasticGAS", MetricName: "RequestCount", Dimensions: dimensions };
  const values: number[] = [];
  const window = { StartTime: at(20), EndTime: at(0) };
  const query = { MetricDataQueries: [{ Id: "requests", MetricStat: { Metric, Period: 60, Stat: "Sum" } }], ...window };
  for await (const page of paginateGetMetricData({ client: cloudWatch }, { ...query, MaxDatapoints: 3 })) {
    values.push(...(page.MetricDataResults?.[0]?.Values ?? []));
  }
  expect(values).toEqual(Array(10).fill(20));

  const { Datapoints } = await cloudWatch.send(
    new GetMetricStatisticsCommand({
      ...Metric,
      ...window,
      Period: 1200,
      Statistics: ["Sum"],
      ExtendedStatistics: ["p99"],
    }),
  );
  expect(Datapoints).toEqual([{ Timestamp: at(20), Unit: "Count", Sum: 200, ExtendedStatistics: { p99: 1 } }]);
  const { Metrics } = await cloudWatch.send(
    new ListMetricsCommand({ Namespace: "ElasticGAS", RecentlyActive: "PT3H" }),
  );
  expect(Metrics).toEqual([Metric]);
  const reserved = cloudWatch.send(
    new PutMetricDataCommand({ Namespace: "AWS/EC2", MetricData: [{ MetricName: "m", Value: 1 }] }),
  );
  await expect(reserved).rejects.toThrow(InvalidParameterValueException);
});
