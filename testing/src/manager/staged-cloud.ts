import { nameTag, type PoolName, TAGS } from "@elastic-gas/shared/resources";
import { startTestCloud, TEST_CREDENTIALS, type TestCloud } from "../local-cloud/test-cloud.ts";

/** A staged worker; times in seconds before now. */
export interface StagedWorker {
  readonly id: string;
  readonly pool: PoolName;
  readonly state?: "pending" | "running" | "shutting-down" | "terminated";
  /** The target's health; left out for workers that the target group does not know. */
  readonly health?: string;
  readonly reason?: string;
  readonly description?: string;
  readonly ageSeconds: number;
  /** Instead of its age, which counts from the moment of each answer. */
  readonly launchedAt?: Date;
  readonly zone?: string;
  readonly address?: string;
}

/** The value of a metric at the start of a period, by metric name and last dimension; undefined = no datapoint. */
export type StagedMetric = (metric: string, dimension: string, at: number) => number | undefined;

export interface Stage {
  workers: readonly StagedWorker[];
  metric: StagedMetric;
  /** Set to let every call fail with this error code. */
  failure: string | null;
  /** Calls that reached the cloud, by operation. */
  readonly calls: Map<string, number>;
}

export interface StagedCloud extends AsyncDisposable {
  readonly cloud: { readonly endpoint: string; readonly accessKeyId: string; readonly secretAccessKey: string };
  readonly stage: Stage;
}

const ARN = "arn:aws:elasticloadbalancing:us-east-1:000000000000";

/**
 * The real wire with chosen answers: situations (40 workers, gaps, throttling) that real processes would take minutes
 * to play.
 */
export async function startStagedCloud(): Promise<StagedCloud> {
  const stage: Stage = { workers: [], metric: () => undefined, failure: null, calls: new Map() };
  const cloud: TestCloud = await startTestCloud({
    middleware: async ({ operation, input }, next) => {
      stage.calls.set(operation, (stage.calls.get(operation) ?? 0) + 1);
      if (stage.failure !== null) throw new Error(stage.failure);
      return (ANSWERS[operation]?.(stage, Object(input)) as never) ?? next();
    },
  });
  return {
    cloud: { endpoint: cloud.endpoint, ...TEST_CREDENTIALS },
    stage,
    [Symbol.asyncDispose]: () => cloud[Symbol.asyncDispose](),
  };
}

type Input = Readonly<Record<string, unknown>>;

const ANSWERS: Readonly<Record<string, (stage: Stage, input: Input) => object>> = {
  DescribeInstances: ({ workers }) => ({
    Reservations: [{ Instances: workers.map(describeInstance) }],
  }),
  DescribeTargetHealth: ({ workers }) => ({
    TargetHealthDescriptions: workers
      .filter((worker) => worker.health !== undefined)
      .map(({ id, health, reason, description }) => ({
        Target: { Id: id, Port: 8000 },
        TargetHealth: { State: health, Reason: reason, Description: description },
      })),
  }),
  DescribeLoadBalancers: () => ({
    LoadBalancers: [
      {
        LoadBalancerArn: `${ARN}:loadbalancer/app/dev-gas/1846302197`,
        LoadBalancerName: "dev-gas",
        DNSName: "dev-gas-1846302197.us-east-1.elb.amazonaws.com",
      },
    ],
  }),
  DescribeTargetGroups: () => ({
    TargetGroups: [{ TargetGroupArn: `${ARN}:targetgroup/dev-gas-web/73e2d6bc24d8a067` }],
  }),
  DescribeListeners: () => ({ Listeners: [{ Protocol: "HTTP", Port: 8080 }] }),
  GetConsoleOutput: (_, { InstanceId }) => ({
    InstanceId,
    Timestamp: new Date(),
    Output: Buffer.from("fetching the release\nworker listens on 10.0.1.24:8000\n").toString("base64"),
  }),
  GetMetricData: ({ metric }, input) => answerMetrics(metric, input),
};

function describeInstance(worker: StagedWorker): object {
  const { id, pool, state = "running", zone = "us-east-1a", address = "10.0.1.24" } = worker;
  return {
    InstanceId: id,
    State: { Name: state },
    InstanceType: "t3.small",
    Placement: { AvailabilityZone: zone },
    PrivateIpAddress: address,
    LaunchTime: worker.launchedAt ?? new Date(Date.now() - worker.ageSeconds * 1000),
    Tags: [
      { Key: TAGS.name, Value: nameTag("dev", pool) },
      { Key: TAGS.prefix, Value: "dev" },
      { Key: TAGS.pool, Value: pool },
    ],
  };
}

interface Query {
  readonly Id: string;
  readonly MetricStat: {
    readonly Period: number;
    readonly Metric: { readonly MetricName: string; readonly Dimensions: readonly { readonly Value: string }[] };
  };
}

function answerMetrics(metric: StagedMetric, input: Input): object {
  // The wire has checked the shape against AWS's schema.
  const { StartTime, EndTime, MetricDataQueries } = input as {
    readonly StartTime: Date;
    readonly EndTime: Date;
    readonly MetricDataQueries: readonly Query[];
  };
  return {
    MetricDataResults: MetricDataQueries.map(({ Id, MetricStat: { Metric, Period } }) => {
      const stepMs = Period * 1000;
      const dimension = Metric.Dimensions.at(-1)?.Value ?? "";
      const points: [Date, number][] = [];
      for (let at = Math.ceil(StartTime.getTime() / stepMs) * stepMs; at < EndTime.getTime(); at += stepMs) {
        const value = metric(Metric.MetricName, dimension, at);
        if (value !== undefined) points.push([new Date(at), value]);
      }
      return {
        Id,
        StatusCode: "Complete",
        Timestamps: points.map(([at]) => at),
        Values: points.map(([, value]) => value),
      };
    }),
  };
}
