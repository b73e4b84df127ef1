import { Agent, request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { CloudWatchClient, GetMetricDataCommand } from "@aws-sdk/client-cloudwatch";
import { DescribeInstancesCommand, EC2Client, RunInstancesCommand } from "@aws-sdk/client-ec2";
import {
  CreateListenerCommand,
  CreateLoadBalancerCommand,
  CreateTargetGroupCommand,
  DescribeTargetHealthCommand,
  ElasticLoadBalancingV2Client,
  RegisterTargetsCommand,
} from "@aws-sdk/client-elastic-load-balancing-v2";
import { findFreePort } from "@elastic-gas/shared/free-port";
import { CpuTruth } from "@elastic-gas/testing/local-cloud/ec2/cpu-truth";
import { encode, IMAGE_ID } from "@elastic-gas/testing/local-cloud/ec2/test-ec2";
import { webWorkerScript } from "@elastic-gas/testing/local-cloud/ec2/web-worker";
import { IS_PROOF, recordResult } from "@elastic-gas/testing/local-cloud/proof";
import { startTestCloud } from "@elastic-gas/testing/local-cloud/test-cloud";
import { waitUntil } from "@elastic-gas/testing/wait-until";
import { describe, expect, onTestFinished, test } from "vitest";
import { findCgroupTree } from "./quota/cgroup.ts";

// What makes local pools behave as on EC2: CPUUtilization is true, and one more worker is one more worker's capacity.
// PROVE=1 measures at the default period of a minute and at wall speed; the quick form takes what a busy machine cannot
// blur.

const QUOTA = 0.2;
const PERIOD_SECONDS = IS_PROOF ? 60 : 5;
const PERIODS = IS_PROOF ? 2 : 4;
const TEST_MS = 600_000;
const ENFORCERS = (["cgroup", "pauser"] as const).filter(
  (kind) => kind === "pauser" || findCgroupTree("probe-of-tests") !== undefined,
);

const BUSY_LOADS = {
  "native threads of the pool": `exec node -e '
    const { pbkdf2 } = require("node:crypto");
    const again = () => pbkdf2("password", "salt", 5000, 64, "sha512", again);
    for (let lane = 0; lane < 4; lane += 1) again();'`,
  "worker threads": `exec node -e '
    const { Worker } = require("node:worker_threads");
    for (let lane = 0; lane < 2; lane += 1) new Worker("for (;;);", { eval: true });'`,
  "a busy child": "ulimit -t 120; sha256sum /dev/zero & wait",
  "children that come and go":
    "ulimit -t 120; while true; do head -c 3000000 /dev/zero | sha256sum >/dev/null; sleep 0.2; done",
  "half of the quota": `exec node -e '
    setInterval(() => {
      const before = process.cpuUsage();
      while (process.cpuUsage(before).user + process.cpuUsage(before).system < 20_000);
    }, 200);'`,
};

const WORKER = webWorkerScript({ cpuMilliseconds: 15 });

describe.each(ENFORCERS)("with the quota kept by the %s", (quota) => {
  async function startCloud() {
    const cloud = await startTestCloud({
      instanceVcpus: QUOTA,
      metricPeriodSeconds: PERIOD_SECONDS,
      ec2Settings: { metadataPort: 0, closeGraceSeconds: 1, launchCreditCpuSeconds: 0, quota },
    });
    onTestFinished(() => cloud[Symbol.asyncDispose]());
    const ec2 = new EC2Client(cloud.clientConfig);
    onTestFinished(() => ec2.destroy());
    const launch = async (script: string) => {
      const { Instances } = await ec2.send(
        new RunInstancesCommand({
          ImageId: IMAGE_ID,
          MinCount: 1,
          MaxCount: 1,
          UserData: encode(script),
          Monitoring: { Enabled: true },
        }),
      );
      const InstanceIds = [Instances?.[0]?.InstanceId ?? ""];
      await waitUntil("running", async () => {
        const { Reservations } = await ec2.send(new DescribeInstancesCommand({ InstanceIds }));
        return Reservations?.[0]?.Instances?.[0]?.State?.Name === "running";
      });
      return InstanceIds[0] ?? "";
    };
    return { cloud, launch };
  }

  test(
    "CPUUtilization is what the instance's processes used of its quota, within 5 points",
    async () => {
      const { cloud, launch } = await startCloud();
      const cloudWatch = new CloudWatchClient(cloud.clientConfig);
      onTestFinished(() => cloudWatch.destroy());
      const instances: { id: string; load: string; truth: CpuTruth }[] = [];
      onTestFinished(() => {
        for (const { truth } of instances) truth[Symbol.dispose]();
      });
      for (const [load, script] of Object.entries(BUSY_LOADS)) {
        const id = await launch(script);
        instances.push({ id, load, truth: await waitUntil("its processes", () => new CpuTruth(id)) });
      }
      const first = (Math.floor(Date.now() / 1000 / PERIOD_SECONDS) + 1) * PERIOD_SECONDS;
      const end = first + PERIODS * PERIOD_SECONDS;
      const query = {
        StartTime: new Date(first * 1000),
        EndTime: new Date(end * 1000),
        ScanBy: "TimestampAscending",
        MetricDataQueries: instances.map(({ id }, index) => ({
          Id: `i${index}`,
          MetricStat: {
            Metric: {
              Namespace: "AWS/EC2",
              MetricName: "CPUUtilization",
              Dimensions: [{ Name: "InstanceId", Value: id }],
            },
            Period: PERIOD_SECONDS,
            Stat: "Average",
          },
        })),
      } as const;
      const results = await waitUntil(
        "all periods of all instances",
        async () => {
          const { MetricDataResults = [] } = await cloudWatch.send(new GetMetricDataCommand(query));
          const isComplete = MetricDataResults.every(({ Values }) => Values?.length === PERIODS);
          return isComplete && instances.every(({ truth }) => truth.hasSampled(end)) && MetricDataResults;
        },
        { deadlineMs: (PERIODS + 2) * PERIOD_SECONDS * 1000 + 60_000 },
      );
      const compared = instances.map(({ load, truth }, index) => {
        const told = results[index]?.Values ?? [];
        const real = told.map((_, period) => {
          const start = first + period * PERIOD_SECONDS;
          const used = (100 * truth.usedBetween(start, start + PERIOD_SECONDS)) / (PERIOD_SECONDS * QUOTA);
          // The metric ends at 100, as on EC2. On a busy machine a pause may come late; quota.test.ts says how late.
          return Math.min(100, used);
        });
        return { load, told: told.map(Math.round), real: real.map(Math.round), apart: mean(told) - mean(real) };
      });
      console.info(`${quota}: ${JSON.stringify(compared)}`);
      const mostPointsApart = Math.max(...compared.map(({ apart }) => Math.abs(apart)));
      recordResult(`cpu-utilization-${quota}`, `CPUUtilization against /proc, quota by the ${quota}`, {
        periodSeconds: PERIOD_SECONDS,
        mostPointsApart,
        compared,
      });
      for (const { load, apart } of compared) expect(Math.abs(apart), load).toBeLessThan(5);
    },
    TEST_MS,
  );

  test(
    "a second instance behind the balancer adds as much capacity as the first",
    async () => {
      const { cloud, launch } = await startCloud();
      const { port, register } = await startBalancer(cloud);
      const ids = [await launch(WORKER), await launch(WORKER)];
      const [one = "", two = ""] = ids;
      await register(one);
      const load = startLoad(`http://127.0.0.1:${port}/`);
      onTestFinished(() => load.stop());
      await load.reach(20);
      using truth = new CpuTruth(one);
      using other = new CpuTruth(two);
      const windowSeconds = IS_PROOF ? 30 : 4;
      const measure = async () => {
        const used = () => truth.usedNow() + other.usedNow();
        const before = { at: performance.now(), answered: load.answered(), used: used() };
        await sleep(windowSeconds * 1000); // the window of the measurement
        const seconds = (performance.now() - before.at) / 1000;
        return {
          perSecond: (load.answered() - before.answered) / seconds,
          vcpus: (used() - before.used) / seconds,
        };
      };
      const alone = await measure();
      await register(two);
      const reached = load.answered();
      await load.reach(reached + 20);
      // Other programs may take the machine's cores for a moment: then they are measured again.
      let both = await measure();
      for (let again = 0; again < 40 && both.vcpus < 1.8 * Math.min(alone.vcpus, QUOTA) && !IS_PROOF; again += 1)
        both = await measure();
      const ratio = both.perSecond / alone.perSecond;
      console.info(`${quota}: ${JSON.stringify({ alone, both, ratio })}`);
      recordResult(`cpu-second-instance-${quota}`, `A second instance's capacity, quota by the ${quota}`, {
        quota: QUOTA,
        windowSeconds,
        alone,
        both,
        ratio,
      });
      expect(alone.vcpus).toBeLessThan(QUOTA * 1.1);
      expect(both.vcpus).toBeLessThan(2 * QUOTA * 1.1);
      expect(both.vcpus / alone.vcpus).toBeGreaterThan(1.6);
      if (IS_PROOF) {
        expect(ratio).toBeGreaterThan(1.8);
        expect(ratio).toBeLessThan(2.2);
      }
      expect(load.failures()).toEqual([]);
    },
    TEST_MS,
  );
});

async function startBalancer({ clientConfig }: { readonly clientConfig: object }) {
  const elb = new ElasticLoadBalancingV2Client(clientConfig);
  onTestFinished(() => elb.destroy());
  const { LoadBalancers } = await elb.send(
    new CreateLoadBalancerCommand({ Name: "cpu", Subnets: ["subnet-1", "subnet-2"] }),
  );
  const { TargetGroups } = await elb.send(
    new CreateTargetGroupCommand({
      Name: "cpu",
      Port: 8000,
      Protocol: "HTTP",
      VpcId: "vpc-1",
      HealthCheckPath: "/healthz",
      HealthCheckIntervalSeconds: 5,
      HealthCheckTimeoutSeconds: 4,
    }),
  );
  const TargetGroupArn = TargetGroups?.[0]?.TargetGroupArn;
  const port = await findFreePort();
  await elb.send(
    new CreateListenerCommand({
      LoadBalancerArn: LoadBalancers?.[0]?.LoadBalancerArn,
      Protocol: "HTTP",
      Port: port,
      DefaultActions: [{ Type: "forward", TargetGroupArn }],
    }),
  );
  return {
    port,
    async register(Id: string) {
      await elb.send(new RegisterTargetsCommand({ TargetGroupArn, Targets: [{ Id }] }));
      const health = new DescribeTargetHealthCommand({ TargetGroupArn, Targets: [{ Id }] });
      await waitUntil(
        `${Id} healthy`,
        async () => (await elb.send(health)).TargetHealthDescriptions?.[0]?.TargetHealth?.State === "healthy",
        { deadlineMs: 120_000 },
      );
    },
  };
}

/** Enough lanes that every worker always has a request to work on. */
function startLoad(url: string) {
  const agent = new Agent({ keepAlive: true });
  const failures: string[] = [];
  let answered = 0;
  let running = true;
  const lane = async () => {
    while (running) {
      const outcome = await new Promise<string>((resolve) => {
        request(url, { agent }, (response) => response.resume().on("end", () => resolve(String(response.statusCode))))
          .on("error", ({ message }) => resolve(message))
          .end();
      });
      if (outcome === "200") answered += 1;
      else if (running) failures.push(outcome);
    }
  };
  const ended = Promise.all(Array.from({ length: 12 }, lane));
  return {
    answered: () => answered,
    failures: () => failures,
    reach: (total: number) => waitUntil(`${total} answers`, () => answered >= total, { deadlineMs: 120_000 }),
    async stop() {
      running = false;
      agent.destroy();
      await ended;
    },
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
