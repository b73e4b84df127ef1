import { DescribeSubnetsCommand, type EC2Client } from "@aws-sdk/client-ec2";
import {
  CreateListenerCommand,
  CreateLoadBalancerCommand,
  CreateTargetGroupCommand,
  DescribeListenersCommand,
  DescribeLoadBalancersCommand,
  DescribeTargetGroupsCommand,
  type ElasticLoadBalancingV2Client,
  LoadBalancerNotFoundException,
  ModifyListenerCommand,
  ModifyTargetGroupAttributesCommand,
  ModifyTargetGroupCommand,
  TargetGroupNotFoundException,
} from "@aws-sdk/client-elastic-load-balancing-v2";
import type { Resources } from "@elastic-gas/shared/resources";

export interface BalancerClients {
  readonly ec2: EC2Client;
  readonly elbv2: ElasticLoadBalancingV2Client;
}

export interface BalancerSettings {
  readonly LB_PORT: number;
  readonly WORKER_PORT: number;
  readonly HEALTH_CHECK_INTERVAL_SECONDS: number;
  readonly DEREGISTRATION_DELAY_SECONDS: number;
}

const HEALTHY_CHECKS = 2;
const UNHEALTHY_CHECKS = 3;

/** The load balancer listens on LB_PORT and forwards to the web pool's target group. */
export async function ensureLoadBalancer(
  { ec2, elbv2 }: BalancerClients,
  resources: Resources,
  settings: BalancerSettings,
): Promise<void> {
  const { Subnets = [] } = await ec2.send(new DescribeSubnetsCommand({}));
  const targetGroupArn = await ensureTargetGroup(elbv2, resources.targetGroup, settings, Subnets[0]?.VpcId);
  const subnetIds = Subnets.flatMap(({ SubnetId }) => SubnetId ?? []);
  const loadBalancerArn =
    (await findLoadBalancer(elbv2, resources.loadBalancer)) ??
    (await createLoadBalancer(elbv2, resources.loadBalancer, subnetIds));
  await ensureListener(elbv2, loadBalancerArn, targetGroupArn, settings.LB_PORT);
}

async function ensureTargetGroup(
  elbv2: ElasticLoadBalancingV2Client,
  name: string,
  settings: BalancerSettings,
  vpcId: string | undefined,
): Promise<string> {
  const interval = Math.round(settings.HEALTH_CHECK_INTERVAL_SECONDS);
  const checks = {
    HealthCheckPath: "/healthz",
    HealthCheckIntervalSeconds: interval,
    // Shorter than the interval, as the service demands.
    HealthCheckTimeoutSeconds: Math.max(1, Math.min(5, interval - 1)),
    HealthyThresholdCount: HEALTHY_CHECKS,
    UnhealthyThresholdCount: UNHEALTHY_CHECKS,
    Matcher: { HttpCode: "200" },
  };
  const existing = await findTargetGroup(elbv2, name);
  if (existing !== undefined) await elbv2.send(new ModifyTargetGroupCommand({ TargetGroupArn: existing, ...checks }));
  const TargetGroupArn =
    existing ?? (await createTargetGroup(elbv2, { ...checks, Name: name, Port: settings.WORKER_PORT, VpcId: vpcId }));
  await elbv2.send(
    new ModifyTargetGroupAttributesCommand({
      TargetGroupArn,
      Attributes: [
        {
          Key: "deregistration_delay.timeout_seconds",
          Value: String(Math.round(settings.DEREGISTRATION_DELAY_SECONDS)),
        },
      ],
    }),
  );
  return TargetGroupArn;
}

async function findTargetGroup(elbv2: ElasticLoadBalancingV2Client, name: string): Promise<string | undefined> {
  try {
    const { TargetGroups = [] } = await elbv2.send(new DescribeTargetGroupsCommand({ Names: [name] }));
    return TargetGroups[0]?.TargetGroupArn;
  } catch (error) {
    if (error instanceof TargetGroupNotFoundException) return undefined;
    throw error;
  }
}

type NewTargetGroup = ConstructorParameters<typeof CreateTargetGroupCommand>[0];

async function createTargetGroup(elbv2: ElasticLoadBalancingV2Client, group: NewTargetGroup): Promise<string> {
  const { TargetGroups = [] } = await elbv2.send(
    new CreateTargetGroupCommand({ Protocol: "HTTP", TargetType: "instance", ...group }),
  );
  return required(TargetGroups[0]?.TargetGroupArn, `target group ${group.Name}`);
}

async function findLoadBalancer(elbv2: ElasticLoadBalancingV2Client, name: string): Promise<string | undefined> {
  try {
    const { LoadBalancers = [] } = await elbv2.send(new DescribeLoadBalancersCommand({ Names: [name] }));
    return LoadBalancers[0]?.LoadBalancerArn;
  } catch (error) {
    if (error instanceof LoadBalancerNotFoundException) return undefined;
    throw error;
  }
}

async function createLoadBalancer(
  elbv2: ElasticLoadBalancingV2Client,
  Name: string,
  Subnets: string[],
): Promise<string> {
  const { LoadBalancers = [] } = await elbv2.send(
    new CreateLoadBalancerCommand({ Name, Subnets, Type: "application", Scheme: "internet-facing" }),
  );
  return required(LoadBalancers[0]?.LoadBalancerArn, `load balancer ${Name}`);
}

async function ensureListener(
  elbv2: ElasticLoadBalancingV2Client,
  LoadBalancerArn: string,
  TargetGroupArn: string,
  Port: number,
): Promise<void> {
  const { Listeners = [] } = await elbv2.send(new DescribeListenersCommand({ LoadBalancerArn }));
  const [listener] = Listeners;
  const DefaultActions = [{ Type: "forward" as const, TargetGroupArn }];
  if (!listener) {
    await elbv2.send(new CreateListenerCommand({ LoadBalancerArn, Protocol: "HTTP", Port, DefaultActions }));
  } else if (listener.Port !== Port) {
    await elbv2.send(new ModifyListenerCommand({ ListenerArn: listener.ListenerArn, Port }));
  }
}

function required(arn: string | undefined, what: string): string {
  if (arn === undefined) throw new Error(`The ${what} was created without an ARN.`);
  return arn;
}
