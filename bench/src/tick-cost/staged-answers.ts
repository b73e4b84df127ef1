import { nameTag, TAGS } from "@elastic-gas/shared/resources";

export const STAGED_PREFIX = "test";
const ARN = "arn:aws:elasticloadbalancing:us-east-1:000000000000";
const AGE_MS = 7_200_000;

/** Answers of AWS for a web pool of so many workers, all in service at 50 % CPU, and empty queues. */
export const STAGED_ANSWERS: Readonly<Record<string, (size: number, input: Input) => object>> = {
  DescribeInstances(size, { MaxResults = 1_000, NextToken = "0" }) {
    const from = Number(NextToken);
    const to = Math.min(size, from + MaxResults);
    return {
      Reservations: [{ Instances: ids(size).slice(from, to).map(describeInstance) }],
      ...(to < size ? { NextToken: String(to) } : {}),
    };
  },
  DescribeTargetHealth: (size) => ({
    TargetHealthDescriptions: ids(size).map((Id) => ({
      Target: { Id, Port: 8000 },
      TargetHealth: { State: "healthy" },
    })),
  }),
  DescribeLoadBalancers: () => ({
    LoadBalancers: [
      { LoadBalancerArn: `${ARN}:loadbalancer/app/test-gas/1846302197`, DNSName: "test-gas.elb.local.test" },
    ],
  }),
  DescribeTargetGroups: () => ({
    TargetGroups: [{ TargetGroupArn: `${ARN}:targetgroup/test-gas-web/73e2d6bc24d8a067` }],
  }),
  DescribeListeners: () => ({ Listeners: [{ Protocol: "HTTP", Port: 80 }] }),
  GetMetricData: (_, { StartTime, EndTime, MetricDataQueries = [] }) => ({
    MetricDataResults: MetricDataQueries.map(({ Id, MetricStat: { Period, Metric } }) => {
      const first = Math.ceil(Number(StartTime) / (Period * 1_000)) * Period * 1_000;
      const count = Math.max(0, Math.ceil((Number(EndTime) - first) / (Period * 1_000)));
      const Timestamps = Array.from({ length: count }, (__, index) => new Date(first + index * Period * 1_000));
      return {
        Id,
        StatusCode: "Complete",
        Timestamps,
        Values: Timestamps.map(() => (Metric.Namespace === "AWS/SQS" ? 0 : 50)),
      };
    }),
  }),
  PutMetricData: () => ({}),
  GetQueueUrl: () => ({ QueueUrl: "http://127.0.0.1/000000000000/test-job-requests" }),
  GetQueueAttributes: () => ({
    Attributes: { ApproximateNumberOfMessages: "0", ApproximateNumberOfMessagesNotVisible: "0" },
  }),
};

/** Ids of the staged workers. */
export function ids(size: number): readonly string[] {
  return Array.from({ length: size }, (_, index) => `i-${index.toString(16).padStart(17, "0")}`);
}

/** What the operations above read; the wire has checked it against AWS's schema. */
interface Input {
  readonly MaxResults?: number;
  readonly NextToken?: string;
  readonly StartTime?: Date;
  readonly EndTime?: Date;
  readonly MetricDataQueries?: readonly {
    readonly Id: string;
    readonly MetricStat: { readonly Period: number; readonly Metric: { readonly Namespace: string } };
  }[];
}

function describeInstance(InstanceId: string): object {
  return {
    InstanceId,
    State: { Name: "running" },
    InstanceType: "t3.small",
    SubnetId: "subnet-local-a",
    Placement: { AvailabilityZone: "us-east-1a" },
    PrivateIpAddress: "10.0.1.24",
    LaunchTime: new Date(Date.now() - AGE_MS),
    Tags: [
      { Key: TAGS.name, Value: nameTag(STAGED_PREFIX, "web") },
      { Key: TAGS.prefix, Value: STAGED_PREFIX },
      { Key: TAGS.pool, Value: "web" },
      { Key: TAGS.intent, Value: `intent-${InstanceId}` },
    ],
  };
}
