import { type EC2Client, type Instance, paginateDescribeInstances } from "@aws-sdk/client-ec2";
import {
  DescribeLoadBalancersCommand,
  DescribeTargetGroupsCommand,
  DescribeTargetHealthCommand,
  type ElasticLoadBalancingV2Client,
} from "@aws-sdk/client-elastic-load-balancing-v2";
import type { SeenInstance, SeenTarget } from "@elastic-gas/scaling/worker-state";
import { balancerDimension } from "@elastic-gas/shared/metrics";
import { isPoolName, type Resources, TAGS } from "@elastic-gas/shared/resources";

/** The load balancer and target group of this installation, as ARN and as CloudWatch dimension. */
export interface Balancer {
  readonly targetGroupArn: string;
  readonly loadBalancerDimension: string;
  readonly targetGroupDimension: string;
}

/** The most that EC2 gives on one page, and the most values that one of its filters takes. */
const PAGE_SIZE = 1_000;
const FILTER_VALUES = 200;

/** Every instance with our prefix tag that is not terminated. One paginated call for all pools; instances without our tags are never even seen. */
export async function listInstances(ec2: EC2Client, prefix: string): Promise<readonly SeenInstance[]> {
  const instances: SeenInstance[] = [];
  const pages = paginateDescribeInstances(
    { client: ec2, pageSize: PAGE_SIZE },
    {
      Filters: [
        { Name: `tag:${TAGS.prefix}`, Values: [prefix] },
        { Name: "instance-state-name", Values: ["pending", "running", "shutting-down", "stopping", "stopped"] },
      ],
    },
  );
  for await (const page of pages) {
    for (const reservation of page.Reservations ?? []) {
      for (const instance of reservation.Instances ?? []) {
        const seen = readInstance(instance, prefix);
        if (seen !== undefined) instances.push(seen);
      }
    }
  }
  return instances;
}

/** Which of these EC2 says have ended or are ending. What it does not show at all is not among them. */
export async function listEnded(
  ec2: EC2Client,
  prefix: string,
  instanceIds: readonly string[],
): Promise<ReadonlySet<string>> {
  const ended = new Set<string>();
  for (let from = 0; from < instanceIds.length; from += FILTER_VALUES) {
    const Values = instanceIds.slice(from, from + FILTER_VALUES);
    // Filters, for an id that EC2 does not know yet would fail the whole call.
    const Filters = [
      { Name: `tag:${TAGS.prefix}`, Values: [prefix] },
      { Name: "instance-id", Values },
      { Name: "instance-state-name", Values: ["shutting-down", "terminated"] },
    ];
    for await (const { Reservations = [] } of paginateDescribeInstances({ client: ec2 }, { Filters })) {
      for (const { Instances = [] } of Reservations)
        for (const { InstanceId } of Instances) if (InstanceId !== undefined) ended.add(InstanceId);
    }
  }
  return ended;
}

/** Throws while the load balancer or the target group does not exist. */
export async function findBalancer(elbv2: ElasticLoadBalancingV2Client, resources: Resources): Promise<Balancer> {
  const [balancers, groups] = await Promise.all([
    elbv2.send(new DescribeLoadBalancersCommand({ Names: [resources.loadBalancer] })),
    elbv2.send(new DescribeTargetGroupsCommand({ Names: [resources.targetGroup] })),
  ]);
  const loadBalancerArn = balancers.LoadBalancers?.[0]?.LoadBalancerArn;
  const targetGroupArn = groups.TargetGroups?.[0]?.TargetGroupArn;
  if (loadBalancerArn === undefined || targetGroupArn === undefined) {
    throw new Error(`No load balancer "${resources.loadBalancer}" with a target group "${resources.targetGroup}".`);
  }
  return {
    targetGroupArn,
    loadBalancerDimension: balancerDimension(loadBalancerArn),
    targetGroupDimension: balancerDimension(targetGroupArn),
  };
}

export async function listTargets(
  elbv2: ElasticLoadBalancingV2Client,
  targetGroupArn: string,
): Promise<readonly SeenTarget[]> {
  const { TargetHealthDescriptions = [] } = await elbv2.send(
    new DescribeTargetHealthCommand({ TargetGroupArn: targetGroupArn }),
  );
  return TargetHealthDescriptions.flatMap(({ Target, TargetHealth }) =>
    Target?.Id === undefined
      ? []
      : [{ instanceId: Target.Id, state: TargetHealth?.State ?? "unavailable", reason: TargetHealth?.Reason ?? null }],
  );
}

function readInstance(instance: Instance, prefix: string): SeenInstance | undefined {
  const tag = (key: string): string | undefined => instance.Tags?.find((entry) => entry.Key === key)?.Value;
  const pool = tag(TAGS.pool) ?? "";
  const { InstanceId: id, State: state } = instance;
  // Filtered by the server already; whatever else it answers, what does not carry our tags is not ours.
  if (tag(TAGS.prefix) !== prefix || !isPoolName(pool) || id === undefined || state?.Name === undefined)
    return undefined;
  return {
    id,
    pool,
    intentId: tag(TAGS.intent) ?? null,
    state: state.Name,
    launchedAt: instance.LaunchTime?.getTime() ?? 0,
    subnetId: instance.SubnetId ?? null,
  };
}
