import {
  CreateListenerCommand,
  CreateTargetGroupCommand,
  DescribeLoadBalancersCommand,
  DescribeTargetHealthCommand,
  ElasticLoadBalancingV2Client,
  RegisterTargetsCommand,
} from "@aws-sdk/client-elastic-load-balancing-v2";
import { findFreePort } from "@elastic-gas/shared/free-port";
import { waitUntil } from "@elastic-gas/testing/wait-until";
import type { ClientConfig } from "./cloud-process.ts";

/**
 * Gives local-cloud's load balancer a listener that forwards to one port. Resolves with the listener's port once the
 * target is healthy.
 */
export async function startBalancer(clientConfig: ClientConfig, targetPort: number): Promise<number> {
  const elbv2 = new ElasticLoadBalancingV2Client(clientConfig);
  const { LoadBalancers = [] } = await elbv2.send(new DescribeLoadBalancersCommand({}));
  const { TargetGroups = [] } = await elbv2.send(
    new CreateTargetGroupCommand({
      Name: "performance",
      Protocol: "HTTP",
      Port: targetPort,
      TargetType: "ip",
      VpcId: LoadBalancers[0]?.VpcId,
      HealthCheckIntervalSeconds: 5,
      HealthCheckTimeoutSeconds: 2,
      HealthyThresholdCount: 2,
    }),
  );
  const TargetGroupArn = TargetGroups[0]?.TargetGroupArn;
  const port = await findFreePort();
  await elbv2.send(
    new CreateListenerCommand({
      LoadBalancerArn: LoadBalancers[0]?.LoadBalancerArn,
      Protocol: "HTTP",
      Port: port,
      DefaultActions: [{ Type: "forward", TargetGroupArn }],
    }),
  );
  const Targets = [{ Id: "127.0.0.1", Port: targetPort }];
  await elbv2.send(new RegisterTargetsCommand({ TargetGroupArn, Targets }));
  await waitUntil("the empty server is healthy", async () => {
    const { TargetHealthDescriptions = [] } = await elbv2.send(new DescribeTargetHealthCommand({ TargetGroupArn }));
    return TargetHealthDescriptions[0]?.TargetHealth?.State === "healthy";
  });
  return port;
}
