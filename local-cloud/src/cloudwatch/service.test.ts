import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type GetMetricDataCommandInput,
  InvalidParameterCombinationException,
  InvalidParameterValueException,
  type MetricDatum,
  MissingRequiredParameterException,
  type PutMetricDataCommandInput,
} from "@aws-sdk/client-cloudwatch";
import { createLogger } from "@elastic-gas/shared/logger";
import { testCall } from "@elastic-gas/testing/local-cloud/sqs/test-call";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { type CloudWatchOptions, createCloudWatchService } from "./service.ts";

const log = createLogger("cloudwatch-test", "silent");
const call = testCall();
const NOON = Date.parse("2026-11-20T12:00:00Z");
const at = (seconds: number) => new Date(NOON + seconds * 1000);

function temporaryDir(): string {
  const dir = mkdtempSync(join(tmpdir(), "cloudwatch-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** A service whose clock stands at 12:30 until a test moves it. */
function startCloudWatch(options: Partial<CloudWatchOptions> = {}) {
  const clock = { ms: NOON + 1_800_000 };
  const service = createCloudWatchService({ dataDir: temporaryDir(), log, now: () => new Date(clock.ms), ...options });
  onTestFinished(() => service.close());
  const { PutMetricData } = service.handlers;
  return {
    ...service,
    ...service.handlers,
    clock,
    putData: (...MetricData: MetricDatum[]) => PutMetricData({ Namespace: "Test", MetricData }, call),
  };
}

function dataQuery(
  changes: Partial<GetMetricDataCommandInput> = {},
  stat: { Stat?: string; Period?: number; MetricName?: string } = {},
) {
  const { Stat = "Sum", Period = 60, MetricName = "m" } = stat;
  return {
    MetricDataQueries: [{ Id: "q", MetricStat: { Metric: { Namespace: "Test", MetricName }, Period, Stat } }],
    StartTime: at(0),
    EndTime: at(3600),
    ScanBy: "TimestampAscending" as const,
    ...changes,
  } satisfies GetMetricDataCommandInput;
}

describe("GetMetricData", () => {
  it.each([
    ["Average", 60, [1.5, 10]],
    ["Sum", 60, [3, 10]],
    ["SampleCount", 60, [2, 1]],
    ["Maximum", 300, [10]],
    ["p50", 300, [2]],
  ])("aggregates by %s over periods of %d s", async (Stat, Period, expected) => {
    const { putData, GetMetricData } = startCloudWatch();
    const datum = (seconds: number, Value: number) => ({ MetricName: "m", Timestamp: at(seconds), Value });
    await putData(datum(0, 1), datum(59, 2), datum(61, 10));
    const { MetricDataResults } = await GetMetricData(dataQuery({}, { Stat, Period }), call);
    expect(MetricDataResults?.[0]?.Values).toEqual(expected);
    expect(MetricDataResults?.[0]?.Timestamps?.[0]).toEqual(at(0));
  });

  it("includes the start time's period and excludes the end time's", async () => {
    const { putData, GetMetricData } = startCloudWatch();
    await putData(...[0, 60, 120].map((seconds) => ({ MetricName: "m", Timestamp: at(seconds), Value: seconds })));
    const { MetricDataResults } = await GetMetricData(dataQuery({ StartTime: at(60), EndTime: at(120) }), call);
    expect(MetricDataResults?.[0]?.Values).toEqual([60]);
  });

  it("adds up values, counted values and statistic sets of one period", async () => {
    const { putData, GetMetricData } = startCloudWatch();
    await putData({ MetricName: "m", Timestamp: at(0), Values: [1, 2], Counts: [3, 1] });
    await putData({
      MetricName: "m",
      Timestamp: at(5),
      StatisticValues: { SampleCount: 2, Sum: 20, Minimum: 8, Maximum: 12 },
    });
    const read = async (Stat: string) =>
      (await GetMetricData(dataQuery({}, { Stat }), call)).MetricDataResults?.[0]?.Values;
    expect(await read("Sum")).toEqual([25]);
    expect(await read("SampleCount")).toEqual([6]);
    expect(await read("Maximum")).toEqual([12]);
    expect(await read("p99")).toEqual([]);
  });

  it("tells seconds apart for data of high resolution only", async () => {
    const { putData, GetMetricData } = startCloudWatch();
    for (const StorageResolution of [1, 60]) {
      for (const seconds of [1, 2, 6])
        await putData({ MetricName: `r${StorageResolution}`, Timestamp: at(seconds), Value: 1, StorageResolution });
    }
    const read = async (MetricName: string, Period: number) =>
      (await GetMetricData(dataQuery({}, { MetricName, Period }), call)).MetricDataResults?.[0]?.Values;
    expect(await read("r1", 1)).toEqual([1, 1, 1]);
    expect(await read("r1", 5)).toEqual([2, 1]);
    expect(await read("r60", 1)).toEqual([3]);
  });

  it("keeps standard data by the configured period", async () => {
    const { put, GetMetricData } = startCloudWatch({ metricPeriodSeconds: 5 });
    put(
      "Test",
      [0, 5].map((seconds) => ({ MetricName: "m", Timestamp: at(seconds), Value: 1 })),
    );
    const { MetricDataResults } = await vi.waitFor(async () => {
      const answer = await GetMetricData(dataQuery({}, { Period: 5 }), call);
      expect(answer.MetricDataResults?.[0]?.Values).toHaveLength(2);
      return answer;
    }, 60_000);
    expect(MetricDataResults?.[0]?.Timestamps).toEqual([at(0), at(5)]);
  });

  it("distinguishes dimensions, units and queries, newest first by default", async () => {
    const { putData, GetMetricData } = startCloudWatch();
    const Dimensions = [
      { Name: "a", Value: "1" },
      { Name: "b", Value: "2" },
    ];
    await putData(
      { MetricName: "m", Timestamp: at(0), Value: 1, Dimensions, Unit: "Count" },
      { MetricName: "m", Timestamp: at(60), Value: 2, Dimensions: [...Dimensions].reverse(), Unit: "Seconds" },
      { MetricName: "m", Timestamp: at(0), Value: 7 },
    );
    const metric = (Id: string, dimensions: typeof Dimensions, Unit?: "Count") => ({
      Id,
      MetricStat: {
        Metric: { Namespace: "Test", MetricName: "m", Dimensions: dimensions },
        Period: 60,
        Stat: "Sum",
        Unit,
      },
    });
    const MetricDataQueries = [
      metric("both", Dimensions),
      metric("count", Dimensions, "Count"),
      metric("none", []),
      { ...metric("hidden", []), ReturnData: false },
      metric("unknown", [{ Name: "a", Value: "1" }]),
    ];
    const { MetricDataResults } = await GetMetricData(dataQuery({ MetricDataQueries, ScanBy: undefined }), call);
    expect(MetricDataResults?.map(({ Id, Values }) => [Id, Values])).toEqual([
      ["both", [2, 1]],
      ["count", [1]],
      ["none", [7]],
      ["unknown", []],
    ]);
  });

  it("gives its data points page by page", async () => {
    const { putData, GetMetricData } = startCloudWatch();
    for (const MetricName of ["m", "n"]) {
      await putData(...[1, 2, 3].map((Value) => ({ MetricName, Timestamp: at(Value * 60), Value })));
    }
    const stat = (Id: string) => ({
      Id,
      MetricStat: { Metric: { Namespace: "Test", MetricName: Id }, Period: 60, Stat: "Sum" },
    });
    const pages: unknown[] = [];
    let NextToken: string | undefined;
    do {
      const page = await GetMetricData(
        dataQuery({ MetricDataQueries: [stat("m"), stat("n")], MaxDatapoints: 4, NextToken }),
        call,
      );
      pages.push(page.MetricDataResults?.map(({ Id, Values, StatusCode }) => [Id, Values, StatusCode]));
      NextToken = page.NextToken;
    } while (NextToken);
    expect(pages).toEqual([
      [
        ["m", [1, 2, 3], "Complete"],
        ["n", [1], "PartialData"],
      ],
      [["n", [2, 3], "Complete"]],
    ]);
  });

  it("refuses metric math and what is malformed, and says so", async () => {
    const { GetMetricData } = startCloudWatch();
    const refused = (input: GetMetricDataCommandInput, message: RegExp) =>
      expect(GetMetricData(input, call)).rejects.toMatchObject({
        code: "ValidationError",
        message: expect.stringMatching(message),
      });
    const [query] = dataQuery().MetricDataQueries;
    await refused(dataQuery({ MetricDataQueries: [{ Id: "e", Expression: "m1+m2" }] }), /Metric math/);
    await refused(dataQuery({ MetricDataQueries: [{ ...query, Id: "Q" }] }), /lowercase/);
    await refused(
      dataQuery({
        MetricDataQueries: [
          { ...query, Id: "q" },
          { ...query, Id: "q" },
        ],
      }),
      /unique/,
    );
    await refused(dataQuery({ EndTime: at(0) }), /StartTime/);
    await refused(dataQuery({}, { Period: 45 }), /Period/);
    await refused(dataQuery({}, { Stat: "median" }), /median/);
  });
});

describe("GetMetricStatistics", () => {
  it("tells all statistics asked for, by period from the start time", async () => {
    const { putData, GetMetricStatistics } = startCloudWatch();
    await putData(
      ...[60, 120, 180].map((seconds, index) => ({
        MetricName: "m",
        Timestamp: at(seconds),
        Value: index + 1,
        Unit: "Count" as const,
      })),
    );
    const { Datapoints, Label } = await GetMetricStatistics(
      {
        Namespace: "Test",
        MetricName: "m",
        StartTime: at(60),
        EndTime: at(3600),
        Period: 120,
        Statistics: ["Average", "Sum"],
        ExtendedStatistics: ["p50"],
      },
      call,
    );
    expect(Label).toBe("m");
    expect(Datapoints).toEqual([
      { Timestamp: at(60), Unit: "Count", Average: 1.5, Sum: 3, ExtendedStatistics: { p50: 1 } },
      { Timestamp: at(180), Unit: "Count", Average: 3, Sum: 3, ExtendedStatistics: { p50: 3 } },
    ]);
  });

  it("refuses more than 1440 points", async () => {
    const { GetMetricStatistics } = startCloudWatch();
    const input = {
      Namespace: "Test",
      MetricName: "m",
      StartTime: at(0),
      EndTime: at(1441 * 60),
      Period: 60,
      Statistics: ["Sum" as const],
    };
    await expect(GetMetricStatistics(input, call)).rejects.toThrow(InvalidParameterCombinationException);
  });
});

describe("PutMetricData", () => {
  const good: MetricDatum = { MetricName: "m", Value: 1 };
  it.each<[string, PutMetricDataCommandInput, new (...args: never[]) => Error]>([
    ["a reserved namespace", { Namespace: "AWS/EC2", MetricData: [good] }, InvalidParameterValueException],
    ["no data", { Namespace: "Test", MetricData: [] }, MissingRequiredParameterException],
    [
      "too many data",
      { Namespace: "Test", MetricData: Array.from({ length: 1001 }, () => good) },
      InvalidParameterValueException,
    ],
    [
      "a datum without value",
      { Namespace: "Test", MetricData: [{ MetricName: "m" }] },
      MissingRequiredParameterException,
    ],
    [
      "two kinds of value",
      { Namespace: "Test", MetricData: [{ ...good, Values: [1] }] },
      InvalidParameterCombinationException,
    ],
    [
      "not a number",
      { Namespace: "Test", MetricData: [{ MetricName: "m", Value: Number.NaN }] },
      InvalidParameterValueException,
    ],
    [
      "151 values",
      { Namespace: "Test", MetricData: [{ MetricName: "m", Values: Array(151).fill(1) }] },
      InvalidParameterValueException,
    ],
    [
      "an old point",
      { Namespace: "Test", MetricData: [{ ...good, Timestamp: at(-15 * 86_400) }] },
      InvalidParameterValueException,
    ],
    [
      "a future point",
      { Namespace: "Test", MetricData: [{ ...good, Timestamp: at(3 * 3600) }] },
      InvalidParameterValueException,
    ],
    [
      "an empty dimension",
      { Namespace: "Test", MetricData: [{ ...good, Dimensions: [{ Name: "a", Value: "" }] }] },
      InvalidParameterValueException,
    ],
  ])("refuses %s, and stores none of its data", async (_, input, error) => {
    const { PutMetricData, ListMetrics } = startCloudWatch();
    await expect(PutMetricData(input, call)).rejects.toThrow(error);
    expect((await ListMetrics({}, call)).Metrics).toEqual([]);
  });
});

it("lists metrics by namespace, name and dimensions", async () => {
  const { putData, ListMetrics } = startCloudWatch();
  const dimension = (Value: string) => [{ Name: "InstanceId", Value }];
  await putData(
    { MetricName: "m", Value: 1, Dimensions: dimension("i-1") },
    { MetricName: "m", Value: 1, Dimensions: dimension("i-2") },
    { MetricName: "n", Value: 1 },
  );
  const list = async (input: Parameters<typeof ListMetrics>[0]) =>
    (await ListMetrics(input, call)).Metrics?.map(({ MetricName }) => MetricName);
  expect(await list({})).toEqual(["m", "m", "n"]);
  expect(await list({ Dimensions: [{ Name: "InstanceId", Value: "i-2" }] })).toEqual(["m"]);
  expect(await list({ Dimensions: [{ Name: "InstanceId" }] })).toEqual(["m", "m"]);
  expect(await list({ Namespace: "Other" })).toEqual([]);
});

it("keeps points over a restart, rolls fine ones up after three hours and forgets all after 15 days", async () => {
  const dataDir = temporaryDir();
  const options = { dataDir, metricPeriodSeconds: 1 };
  const first = startCloudWatch(options);
  await first.putData(
    ...[0, 1, 61].map((seconds) => ({ MetricName: "m", Timestamp: at(seconds), Value: 1, StorageResolution: 1 })),
  );
  await first.close();

  const clock = { ms: NOON + 4 * 3_600_000 };
  const second = createCloudWatchService({
    ...options,
    log,
    now: () => {
      clock.ms += 500;
      return new Date(clock.ms);
    },
  });
  onTestFinished(() => second.close());
  const read = async () =>
    (await second.handlers.GetMetricData(dataQuery({}, { Period: 1, Stat: "SampleCount" }), call))
      .MetricDataResults?.[0]?.Values;
  await vi.waitFor(async () => expect(await read()).toEqual([2, 1]), { timeout: 120_000 });
  clock.ms = NOON + 16 * 86_400_000;
  // The host's own metric comes again as long as the service runs.
  const left = async () => (await second.handlers.ListMetrics({ MetricName: "m" }, call)).Metrics;
  await vi.waitFor(async () => expect(await left()).toEqual([]), { timeout: 120_000 });
});

it("publishes CPUUtilization of the instances that EC2 lists", async () => {
  let usedSeconds = 0;
  const cloudWatch = createCloudWatchService({
    dataDir: temporaryDir(),
    log,
    metricPeriodSeconds: 1,
    listCpuUsage: () => {
      usedSeconds += 1000;
      return [{ instanceId: "i-1", usedSeconds, quotaVcpus: 0.2 }];
    },
  });
  onTestFinished(() => cloudWatch.close());
  const Metric = {
    Namespace: "AWS/EC2",
    MetricName: "CPUUtilization",
    Dimensions: [{ Name: "InstanceId", Value: "i-1" }],
  };
  const values = await vi.waitFor(
    async () => {
      const now = Date.now();
      const MetricDataQueries = [{ Id: "q", MetricStat: { Metric, Period: 1, Stat: "Average" } }];
      const input = { MetricDataQueries, StartTime: new Date(now - 60_000), EndTime: new Date(now) };
      const read = (await cloudWatch.handlers.GetMetricData(input, call)).MetricDataResults?.[0]?.Values ?? [];
      expect(read.length).toBeGreaterThan(0);
      return read;
    },
    { timeout: 120_000, interval: 100 },
  );
  expect(values[0]).toBe(100);
});
