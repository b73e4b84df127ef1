import {
  CreateListenerCommand,
  CreateLoadBalancerCommand,
  CreateTargetGroupCommand,
  DescribeTagsCommand,
  DescribeTargetGroupAttributesCommand,
  DescribeTargetGroupsCommand,
  DescribeTargetHealthCommand,
  ElasticLoadBalancingV2Client,
  ModifyTargetGroupAttributesCommand,
  RegisterTargetsCommand,
  TargetGroupNotFoundException,
} from "@aws-sdk/client-elastic-load-balancing-v2";
import { testBalancers } from "@elastic-gas/testing/local-cloud/elbv2/test-balancer";
import { startTestCloud } from "@elastic-gas/testing/local-cloud/test-cloud";
import { expect, it, onTestFinished, vi } from "vitest";

const { startTarget } = testBalancers(onTestFinished);

it("is set up and described through the real client, and balances", async () => {
  const cloud = await startTestCloud();
  onTestFinished(() => cloud[Symbol.asyncDispose]());
  const elb = new ElasticLoadBalancingV2Client(cloud.clientConfig);
  onTestFinished(() => elb.destroy());
  const target = await startTarget("a");
  const Tags = [{ Key: "owner", Value: "gas" }];
  const { LoadBalancers } = await elb.send(
    new CreateLoadBalancerCommand({ Name: "gas", Subnets: ["subnet-1", "subnet-2"], Tags }),
  );
  expect(LoadBalancers).toMatchObject([{ DNSName: "localhost", Type: "application" }]);
  expect(LoadBalancers?.[0]?.CreatedTime).toBeInstanceOf(Date);
  const LoadBalancerArn = LoadBalancers?.[0]?.LoadBalancerArn;
  const { TargetGroups } = await elb.send(
    new CreateTargetGroupCommand({
      Name: "web",
      Port: target.port,
      Protocol: "HTTP",
      TargetType: "ip",
      HealthCheckPath: "/healthz",
      HealthCheckIntervalSeconds: 5,
      Matcher: { HttpCode: "200-299" },
    }),
  );
  const TargetGroupArn = TargetGroups?.[0]?.TargetGroupArn;
  const { Listeners } = await elb.send(
    new CreateListenerCommand({
      LoadBalancerArn,
      Protocol: "HTTP",
      Port: 0,
      DefaultActions: [{ Type: "forward", TargetGroupArn }],
    }),
  );
  await elb.send(new RegisterTargetsCommand({ TargetGroupArn, Targets: [{ Id: "127.0.0.1" }] }));
  await vi.waitFor(async () => {
    const { TargetHealthDescriptions } = await elb.send(new DescribeTargetHealthCommand({ TargetGroupArn }));
    expect(TargetHealthDescriptions).toMatchObject([
      { Target: { Id: "127.0.0.1", Port: target.port }, TargetHealth: { State: "healthy" } },
    ]);
  }, 60_000);
  expect(await (await fetch(`http://127.0.0.1:${Listeners?.[0]?.Port}`)).text()).toBe("a");

  const Attributes = [{ Key: "deregistration_delay.timeout_seconds", Value: "30" }];
  await elb.send(new ModifyTargetGroupAttributesCommand({ TargetGroupArn, Attributes }));
  const described = await elb.send(new DescribeTargetGroupAttributesCommand({ TargetGroupArn }));
  expect(described.Attributes).toContainEqual(Attributes[0]);
  const { TagDescriptions } = await elb.send(new DescribeTagsCommand({ ResourceArns: [LoadBalancerArn ?? ""] }));
  expect(TagDescriptions).toEqual([{ ResourceArn: LoadBalancerArn, Tags }]);
  const none = elb.send(new DescribeTargetGroupsCommand({ Names: ["none"] }));
  await expect(none).rejects.toThrow(TargetGroupNotFoundException);
});
