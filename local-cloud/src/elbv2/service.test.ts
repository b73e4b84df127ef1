import {
  DuplicateTargetGroupNameException,
  InvalidConfigurationRequestException,
  InvalidSecurityGroupException,
  InvalidTargetException,
  ListenerNotFoundException,
  LoadBalancerNotFoundException,
  ResourceInUseException,
  TargetGroupNotFoundException,
} from "@aws-sdk/client-elastic-load-balancing-v2";
import { call, stopTarget, testBalancers } from "@elastic-gas/testing/local-cloud/elbv2/test-balancer";
import { describe, expect, it, onTestFinished, vi } from "vitest";

const { startBalancer, startService, startTarget, temporaryDir } = testBalancers(onTestFinished);

describe("load balancers, listeners and target groups", () => {
  it("are described as they were created, once however often that is asked", async () => {
    const balancer = await startBalancer([], { options: { publicHost: "gas.test" } });
    const { handlers, LoadBalancerArn, TargetGroupArn, ListenerArn, port } = balancer;
    expect(LoadBalancerArn).toMatch(
      /^arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer\/app\/gas\/[0-9a-f]{16}$/,
    );
    expect(TargetGroupArn).toMatch(/:targetgroup\/web\/[0-9a-f]{16}$/);
    expect(ListenerArn).toMatch(/:listener\/app\/gas\/[0-9a-f]{16}\/[0-9a-f]{16}$/);
    const again = await handlers.CreateLoadBalancer({ Name: "gas", Subnets: ["subnet-1", "subnet-2"] }, call);
    expect(again.LoadBalancers).toMatchObject([{ LoadBalancerArn, DNSName: "gas.test", State: { Code: "active" } }]);
    const { Listeners } = await handlers.DescribeListeners({ LoadBalancerArn }, call);
    expect(Listeners).toMatchObject([
      { ListenerArn, Port: port, Protocol: "HTTP", DefaultActions: [{ Type: "forward", TargetGroupArn }] },
    ]);
    const { TargetGroups } = await handlers.DescribeTargetGroups({ LoadBalancerArn }, call);
    expect(TargetGroups).toMatchObject([
      {
        TargetGroupName: "web",
        Port: 8000,
        HealthCheckPath: "/healthz",
        Matcher: { HttpCode: "200" },
        LoadBalancerArns: [LoadBalancerArn],
      },
    ]);
    await expect(handlers.CreateTargetGroup({ Name: "web", Port: 1 }, call)).rejects.toThrow(
      DuplicateTargetGroupNameException,
    );
  });

  it("need two subnets, and have no security groups", async () => {
    const { handlers } = await startService();
    const create = (input: object) => handlers.CreateLoadBalancer({ Name: "gas", ...input }, call);
    await expect(create({ Subnets: ["subnet-1"] })).rejects.toMatchObject({ code: "ValidationError" });
    const Subnets = ["subnet-1", "subnet-2"];
    await expect(create({ Subnets, SecurityGroups: ["sg-1"] })).rejects.toThrow(InvalidSecurityGroupException);
  });

  it("are told missing by name and by ARN", async () => {
    const { handlers } = await startService();
    await expect(handlers.DescribeLoadBalancers({ Names: ["none"] }, call)).rejects.toThrow(
      LoadBalancerNotFoundException,
    );
    await expect(handlers.DescribeTargetGroups({ Names: ["none"] }, call)).rejects.toThrow(
      TargetGroupNotFoundException,
    );
    await expect(handlers.DescribeListeners({ ListenerArns: ["none"] }, call)).rejects.toThrow(
      ListenerNotFoundException,
    );
    await expect(handlers.DescribeTargetHealth({ TargetGroupArn: "none" }, call)).rejects.toThrow(
      TargetGroupNotFoundException,
    );
    expect(await handlers.DeleteLoadBalancer({ LoadBalancerArn: "none" }, call)).toEqual({});
  });

  it("are deleted from the front: a target group in use stays", async () => {
    const { handlers, LoadBalancerArn, TargetGroupArn, url } = await startBalancer([]);
    await expect(handlers.DeleteTargetGroup({ TargetGroupArn }, call)).rejects.toThrow(ResourceInUseException);
    await handlers.DeleteLoadBalancer({ LoadBalancerArn }, call);
    await handlers.DeleteTargetGroup({ TargetGroupArn }, call);
    expect((await handlers.DescribeTargetGroups({}, call)).TargetGroups).toEqual([]);
    await expect(fetch(url)).rejects.toThrow();
  });

  it("have attributes and tags", async () => {
    const { handlers, TargetGroupArn, LoadBalancerArn } = await startBalancer([]);
    const delay = { Key: "deregistration_delay.timeout_seconds", Value: "60" };
    expect(
      (await handlers.ModifyTargetGroupAttributes({ TargetGroupArn, Attributes: [delay] }, call)).Attributes,
    ).toContainEqual(delay);
    const unknown = { Key: "colour", Value: "red" };
    for (const attribute of [unknown, { ...delay, Value: "3601" }, { Key: "stickiness.enabled", Value: "true" }]) {
      const changing = handlers.ModifyTargetGroupAttributes({ TargetGroupArn, Attributes: [attribute] }, call);
      await expect(changing).rejects.toThrow(InvalidConfigurationRequestException);
    }
    await handlers.AddTags(
      {
        ResourceArns: [LoadBalancerArn, TargetGroupArn],
        Tags: [
          { Key: "a", Value: "1" },
          { Key: "b", Value: "2" },
        ],
      },
      call,
    );
    await handlers.RemoveTags({ ResourceArns: [TargetGroupArn], TagKeys: ["a"] }, call);
    const { TagDescriptions } = await handlers.DescribeTags({ ResourceArns: [LoadBalancerArn, TargetGroupArn] }, call);
    expect(TagDescriptions?.map(({ Tags }) => Tags?.map(({ Key }) => Key))).toEqual([["a", "b"], ["b"]]);
  });

  it("refuse health checks that make no sense", async () => {
    const { handlers, TargetGroupArn } = await startBalancer([]);
    for (const change of [
      { HealthCheckPath: "healthz" },
      { HealthCheckIntervalSeconds: 0 },
      { HealthCheckTimeoutSeconds: 20, HealthCheckIntervalSeconds: 10 },
      { HealthyThresholdCount: 11 },
      { Matcher: { HttpCode: "ok" } },
    ]) {
      await expect(handlers.ModifyTargetGroup({ TargetGroupArn, ...change }, call)).rejects.toMatchObject({
        code: "ValidationError",
      });
    }
  });
});

describe("a listener", () => {
  it("says so when its port is taken, and moves to another port when told so", async () => {
    const taken = await startTarget("other program");
    const target = await startTarget("a");
    const { handlers, LoadBalancerArn, ListenerArn, TargetGroupArn, port } = await startBalancer([target]);
    const DefaultActions = [{ Type: "forward" as const, TargetGroupArn }];
    const onTaken = { LoadBalancerArn, Protocol: "HTTP" as const, Port: taken.port, DefaultActions };
    await expect(handlers.CreateListener(onTaken, call)).rejects.toThrow(InvalidConfigurationRequestException);
    await expect(handlers.ModifyListener({ ListenerArn, Port: taken.port }, call)).rejects.toThrow(/another program/);
    expect(await (await fetch(`http://127.0.0.1:${port}`)).text()).toBe("a");
    await stopTarget(taken);
    await handlers.ModifyListener({ ListenerArn, Port: taken.port }, call);
    expect(await (await fetch(`http://127.0.0.1:${taken.port}`)).text()).toBe("a");
    await expect(fetch(`http://127.0.0.1:${port}`)).rejects.toThrow();
  });

  it("whose port is taken at the start listens once it is free", async () => {
    const dataDir = temporaryDir();
    const target = await startTarget("a");
    const first = await startBalancer([target], { options: { dataDir } });
    await first.close();
    const other = await startTarget("other program", undefined, first.port);
    await startService({ dataDir });
    expect(await (await fetch(first.url)).text()).toBe("other program");
    await stopTarget(other);
    await vi.waitFor(async () => expect(await (await fetch(first.url)).text()).toBe("a"), {
      timeout: 120_000,
      interval: 50,
    });
  });
});

describe("target health", () => {
  it("tells with AWS's reasons why a target is not healthy", async () => {
    const wrong = await startTarget("wrong", (_, res) => res.writeHead(500).end());
    const silent = await startTarget("silent", () => undefined);
    const balancer = await startBalancer([], { group: { HealthCheckPath: "/check" } });
    await balancer.register(wrong, silent, { port: 1 });
    const expected = {
      [wrong.port]: ["unhealthy", "Target.ResponseCodeMismatch"],
      [silent.port]: ["unhealthy", "Target.Timeout"],
      1: ["unhealthy", "Target.FailedHealthChecks"],
    };
    await vi.waitFor(async () => expect(await balancer.health()).toEqual(expected), { timeout: 120_000, interval: 20 });
  });

  it("of a new target comes soon after it answers, however long the interval; failures count by the interval", async () => {
    const target = await startTarget("slow to start");
    await stopTarget(target);
    const balancer = await startBalancer([], {
      group: {
        HealthCheckPath: "/check",
        HealthCheckIntervalSeconds: 300,
        HealthCheckTimeoutSeconds: 60,
        UnhealthyThresholdCount: 2,
      },
    });
    await balancer.register(target);
    await balancer.untilState(target, "initial");
    let asked = 0;
    await startTarget(
      "slow to start",
      (_, response) => {
        asked += 1;
        response.writeHead(asked < 4 ? 503 : 200).end();
      },
      target.port,
    );
    await balancer.untilState(target, "healthy");
    expect(asked).toBe(4);
  });

  it("follows a target down and up again", async () => {
    const target = await startTarget("a");
    const balancer = await startBalancer([target]);
    await stopTarget(target);
    await balancer.untilState(target, "unhealthy");
    await startTarget("a again", undefined, target.port);
    await balancer.untilState(target, "healthy");
    expect(await (await fetch(balancer.url)).text()).toBe("a again");
  });

  it("is unused while no listener forwards to the group, and for what is not registered", async () => {
    const { handlers } = await startService();
    const { TargetGroups } = await handlers.CreateTargetGroup({ Name: "lonely", Port: 8000, TargetType: "ip" }, call);
    const TargetGroupArn = TargetGroups?.[0]?.TargetGroupArn;
    await handlers.RegisterTargets({ TargetGroupArn, Targets: [{ Id: "127.0.0.1" }] }, call);
    const { TargetHealthDescriptions } = await handlers.DescribeTargetHealth(
      { TargetGroupArn, Targets: [{ Id: "127.0.0.1" }, { Id: "127.0.0.9" }] },
      call,
    );
    expect(TargetHealthDescriptions?.map(({ TargetHealth }) => TargetHealth?.Reason)).toEqual([
      "Target.NotInUse",
      "Target.NotRegistered",
    ]);
  });

  it("follows an instance: only running ones register, stopped ones are unused, terminated ones leave", async () => {
    const target = await startTarget("a");
    const instance = { state: "pending", privateIpAddress: "127.0.0.1" };
    const getInstance = (id: string) => (id === "i-1" ? instance : undefined);
    const balancer = await startBalancer([], {
      group: { TargetType: "instance", Port: target.port },
      options: { getInstance },
    });
    const { handlers, TargetGroupArn } = balancer;
    const register = (Id: string) => handlers.RegisterTargets({ TargetGroupArn, Targets: [{ Id }] }, call);
    await expect(register("i-2")).rejects.toThrow(InvalidTargetException);
    await expect(register("i-1")).rejects.toThrow(InvalidTargetException);
    instance.state = "running";
    await register("i-1");
    await balancer.untilState(target, "healthy");
    expect(await (await fetch(balancer.url)).text()).toBe("a");
    instance.state = "stopped";
    await balancer.untilState(target, "unused");
    expect((await balancer.health())[target.port]).toEqual(["unused", "Target.InvalidState"]);
    expect((await fetch(balancer.url)).status).toBe(503);
    instance.state = "terminated";
    await vi.waitFor(async () => expect(await balancer.health()).toEqual({}), { timeout: 120_000, interval: 20 });
  });
});

it("keeps configuration and registrations over a restart, and checks the targets again", async () => {
  const dataDir = temporaryDir();
  const target = await startTarget("a");
  const first = await startBalancer([target], { options: { dataDir } });
  await first.close();
  await expect(fetch(first.url)).rejects.toThrow();
  const second = await startService({ dataDir });
  const { TargetGroupArn } = first;
  await vi.waitFor(async () => {
    const { TargetHealthDescriptions } = await second.handlers.DescribeTargetHealth({ TargetGroupArn }, call);
    expect(TargetHealthDescriptions).toMatchObject([
      { Target: { Port: target.port }, TargetHealth: { State: "healthy" } },
    ]);
  }, 60_000);
  expect(await (await fetch(first.url)).text()).toBe("a");
});

it("publishes what the balancer did in AWS's words", async () => {
  const published: { name: string | undefined; value: number | undefined; dimensions: string }[] = [];
  const target = await startTarget("a", (req, res) => res.writeHead(req.url === "/missing" ? 404 : 200).end());
  const balancer = await startBalancer([target], {
    options: {
      metricPeriodSeconds: 3600,
      putMetrics: (namespace, data) => {
        expect(namespace).toBe("AWS/ApplicationELB");
        for (const { MetricName: name, Value, Counts, Dimensions = [] } of data) {
          const dimensions = Dimensions.map(
            ({ Name, Value: value }) => `${Name}=${value?.replace(/[0-9a-f]{16}/, "id")}`,
          ).join();
          published.push({ name, value: Value ?? Counts?.reduce((sum, count) => sum + count, 0), dimensions });
        }
      },
    },
  });
  for (const path of ["/", "/", "/missing"]) await (await fetch(balancer.url + path)).text();
  await balancer.deregister(target);
  await (await fetch(balancer.url)).text();
  await balancer.register(target);
  await balancer.untilState(target, "healthy");
  await balancer.close();
  const both = "LoadBalancer=app/gas/id,TargetGroup=targetgroup/web/id";
  expect(published).toEqual(
    expect.arrayContaining([
      { name: "RequestCount", value: 3, dimensions: "LoadBalancer=app/gas/id" },
      { name: "RequestCount", value: 3, dimensions: both },
      { name: "HTTPCode_Target_2XX_Count", value: 2, dimensions: both },
      { name: "HTTPCode_Target_4XX_Count", value: 1, dimensions: both },
      { name: "HTTPCode_ELB_5XX_Count", value: 1, dimensions: "LoadBalancer=app/gas/id" },
      { name: "TargetResponseTime", value: 3, dimensions: both },
      { name: "RequestCountPerTarget", value: 3, dimensions: "TargetGroup=targetgroup/web/id" },
      { name: "HealthyHostCount", value: 1, dimensions: both },
      { name: "UnHealthyHostCount", value: 0, dimensions: both },
    ]),
  );
});
