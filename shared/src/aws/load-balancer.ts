import {
  DescribeListenersCommand,
  DescribeLoadBalancersCommand,
  DescribeTargetGroupsCommand,
  DescribeTargetHealthCommand,
  type ElasticLoadBalancingV2Client,
} from "@aws-sdk/client-elastic-load-balancing-v2";
import { balancerDimension } from "../metrics.ts";
import type { Resources } from "../resources.ts";

/** The load balancer and target group of this installation. */
export interface Balancer {
  readonly name: string;
  readonly dnsName: string;
  /** Where browsers reach user-app: DNS name and the listener's port. */
  readonly url: string;
  readonly targetGroupArn: string;
  /** Values of the CloudWatch dimensions. */
  readonly loadBalancerDimension: string;
  readonly targetGroupDimension: string;
}

/**
 * What the load balancer says of one target; `state` is AWS's word (initial, healthy, unhealthy, unused, draining,
 * ...).
 */
export interface TargetHealth {
  readonly instanceId: string;
  readonly state: string;
  readonly reason: string | null;
  readonly description: string | null;
}

const HTTPS_PORT = 443;
const NOT_FOUND: ReadonlySet<string> = new Set(["LoadBalancerNotFoundException", "TargetGroupNotFoundException"]);

/** Finds our load balancer and target group by name; null while they do not exist. */
export async function findBalancer(
  elbv2: ElasticLoadBalancingV2Client,
  resources: Resources,
): Promise<Balancer | null> {
  try {
    return await describeBalancer(elbv2, resources);
  } catch (error) {
    if (error instanceof Error && NOT_FOUND.has(error.name)) return null;
    throw error;
  }
}

export async function listTargetHealth(
  elbv2: ElasticLoadBalancingV2Client,
  targetGroupArn: string,
): Promise<readonly TargetHealth[]> {
  const { TargetHealthDescriptions = [] } = await elbv2.send(
    new DescribeTargetHealthCommand({ TargetGroupArn: targetGroupArn }),
  );
  return TargetHealthDescriptions.flatMap(({ Target, TargetHealth: health }) =>
    Target?.Id === undefined
      ? []
      : [
          {
            instanceId: Target.Id,
            state: health?.State ?? "unavailable",
            reason: health?.Reason ?? null,
            description: health?.Description ?? null,
          },
        ],
  );
}

function listenerUrl(dnsName: string, protocol: string, port: number): string {
  const scheme = protocol === "HTTPS" ? "https" : "http";
  const usual = scheme === "https" ? HTTPS_PORT : 80;
  return `${scheme}://${dnsName}${port === usual ? "" : `:${port}`}/`;
}

async function describeBalancer(elbv2: ElasticLoadBalancingV2Client, resources: Resources): Promise<Balancer | null> {
  const [balancers, groups] = await Promise.all([
    elbv2.send(new DescribeLoadBalancersCommand({ Names: [resources.loadBalancer] })),
    elbv2.send(new DescribeTargetGroupsCommand({ Names: [resources.targetGroup] })),
  ]);
  const balancer = balancers.LoadBalancers?.[0];
  const targetGroupArn = groups.TargetGroups?.[0]?.TargetGroupArn;
  if (balancer?.LoadBalancerArn === undefined || balancer.DNSName === undefined || targetGroupArn === undefined)
    return null;
  const { Listeners = [] } = await elbv2.send(
    new DescribeListenersCommand({ LoadBalancerArn: balancer.LoadBalancerArn }),
  );
  // The manager may have a listener too, and port 80 may only redirect.
  const [first] = Listeners.toSorted((left, right) => (left.Port ?? 0) - (right.Port ?? 0));
  const listener = Listeners.find(({ Port }) => Port === HTTPS_PORT) ?? first;
  return {
    name: balancer.LoadBalancerName ?? resources.loadBalancer,
    dnsName: balancer.DNSName,
    url: listenerUrl(balancer.DNSName, listener?.Protocol ?? "HTTP", listener?.Port ?? 80),
    targetGroupArn,
    loadBalancerDimension: balancerDimension(balancer.LoadBalancerArn),
    targetGroupDimension: balancerDimension(targetGroupArn),
  };
}
