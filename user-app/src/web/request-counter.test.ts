import { CloudWatchClient, GetMetricStatisticsCommand } from "@aws-sdk/client-cloudwatch";
import { serve } from "@elastic-gas/shared/web/serve";
import { startTestCloud } from "@elastic-gas/testing/local-cloud/test-cloud";
import express from "express";
import { expect, onTestFinished, test } from "vitest";
import { createRequestCounter, publishRequestCounts } from "./request-counter.ts";

const START = Date.parse("2026-09-08T14:00:00Z");

async function counted(periodSeconds: number) {
  const clock = { at: new Date(START) };
  const counter = createRequestCounter(periodSeconds, () => clock.at);
  const app = express();
  app.use(counter.count, (_req, res) => {
    res.end();
  });
  const listening = await serve(app, { host: "127.0.0.1", port: 0 });
  onTestFinished(() => listening.close(0));
  const ask = async (path: string, times = 1) => {
    for (let n = 0; n < times; n += 1) await fetch(`http://127.0.0.1:${listening.port}${path}`);
  };
  const move = (seconds: number) => {
    clock.at = new Date(START + seconds * 1_000);
    return clock.at;
  };
  return { counter, ask, move };
}

test("each period holds exactly its own requests, quiet ones are 0, and the running one waits", async () => {
  const { counter, ask, move } = await counted(60);
  await ask("/", 3);
  move(59);
  await ask("/annotations");
  move(125);
  await ask("/", 2);
  expect(counter.take(move(130)).map(({ startAt, count }) => [(startAt.getTime() - START) / 1_000, count])).toEqual([
    [0, 4],
    [60, 0],
  ]);
  expect(counter.take(move(135))).toEqual([]);
  expect(counter.take(move(136), true).map(({ count }) => count)).toEqual([2]);
});

test("health checks and the scraper are not load", async () => {
  const { counter, ask, move } = await counted(60);
  await ask("/healthz", 5);
  await ask("/metrics");
  await ask("/");
  expect(counter.take(move(60)).map(({ count }) => count)).toEqual([1]);
});

test("what could not be published is published later, under its own time", async () => {
  const { counter, ask, move } = await counted(60);
  await ask("/", 2);
  const counts = counter.take(move(60));
  counter.giveBack(counts);
  expect(counter.take(move(120)).map(({ startAt, count }) => [(startAt.getTime() - START) / 1_000, count])).toEqual([
    [0, 2],
    [60, 0],
  ]);
});

test("CloudWatch then has the sum of the minute by instance", async () => {
  await using cloud = await startTestCloud();
  const client = new CloudWatchClient(cloud.clientConfig);
  const startAt = new Date(Math.floor(Date.now() / 60_000) * 60_000 - 120_000);
  await publishRequestCounts(client, [{ startAt, count: 40 }], { instanceId: "i-1", periodSeconds: 60 });
  const { Datapoints } = await client.send(
    new GetMetricStatisticsCommand({
      Namespace: "ElasticGAS",
      MetricName: "RequestCount",
      Dimensions: [{ Name: "InstanceId", Value: "i-1" }],
      StartTime: startAt,
      EndTime: new Date(startAt.getTime() + 60_000),
      Period: 60,
      Statistics: ["Sum"],
    }),
  );
  expect(Datapoints).toMatchObject([{ Timestamp: startAt, Sum: 40 }]);
  client.destroy();
});
