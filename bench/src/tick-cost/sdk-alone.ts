import { type CloudWatchClient, paginateGetMetricData } from "@aws-sdk/client-cloudwatch";
import { type EC2Client, paginateDescribeInstances } from "@aws-sdk/client-ec2";
import {
  DescribeTargetGroupsCommand,
  DescribeTargetHealthCommand,
  type ElasticLoadBalancingV2Client,
} from "@aws-sdk/client-elastic-load-balancing-v2";

export interface SdkClients {
  readonly ec2: EC2Client;
  readonly elbv2: ElasticLoadBalancingV2Client;
  readonly cloudwatch: CloudWatchClient;
}

/** The pages and batches that the autoscaler asks for as well. */
const PAGE_SIZE = 1_000;
const BATCH = 500;
const PERIOD_MS = 60_000;
const PERIODS = 15;

/**
 * Reads what a tick on these workers must read: instances, target health and each one's CPU, and does nothing with it.
 * What the AWS SDK spends on that no autoscaler can do without.
 */
export async function readBySdkAlone(
  { cloud, resources }: { readonly cloud: SdkClients; readonly resources: { readonly targetGroup: string } },
  instanceIds: readonly string[],
): Promise<void> {
  await Promise.all([drain(paginateDescribeInstances({ client: cloud.ec2, pageSize: PAGE_SIZE }, {})), readHealth()]);
  const end = Math.floor(Date.now() / PERIOD_MS) * PERIOD_MS;
  const window = { StartTime: new Date(end - PERIODS * PERIOD_MS), EndTime: new Date(end) };
  for (let from = 0; from < instanceIds.length; from += BATCH) {
    const MetricDataQueries = instanceIds.slice(from, from + BATCH).map((Value, index) => ({
      Id: `cpu${index}`,
      MetricStat: {
        Metric: {
          Namespace: "AWS/EC2",
          MetricName: "CPUUtilization",
          Dimensions: [{ Name: "InstanceId", Value }],
        },
        Period: PERIOD_MS / 1_000,
        Stat: "Average",
      },
    }));
    await drain(paginateGetMetricData({ client: cloud.cloudwatch }, { ...window, MetricDataQueries }));
  }

  async function readHealth(): Promise<void> {
    const { TargetGroups = [] } = await cloud.elbv2.send(
      new DescribeTargetGroupsCommand({ Names: [resources.targetGroup] }),
    );
    await cloud.elbv2.send(new DescribeTargetHealthCommand({ TargetGroupArn: TargetGroups[0]?.TargetGroupArn }));
  }
}

async function drain(pages: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of pages);
}
