import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { CreateTargetGroupCommandInput } from "@aws-sdk/client-elastic-load-balancing-v2";
import { createElbv2Service, type Elbv2Options } from "@elastic-gas/local-cloud/elbv2/service";
import { createLogger } from "@elastic-gas/shared/logger";
import { testCall } from "../sqs/test-call.ts";

export const call = testCall();
const log = createLogger("elbv2-test", "silent");

export interface TestTarget {
  readonly server: Server;
  readonly port: number;
  /** Requests other than health checks, in order: method and path. */
  readonly seen: string[];
}

/** Called with what is to be undone at the end of a test: vitest's `onTestFinished`. */
type AtEnd = (undo: () => void | Promise<void>) => void;

/** Polls until the condition holds; throws after a minute. */
async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 60_000;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`Not in a minute: ${what}`);
    await sleep(10);
  }
}

/** Functions that start what tests of the balancer need, and end it with the test. */
export function testBalancers(atEnd: AtEnd) {
  return {
    temporaryDir: () => temporaryDir(atEnd),
    startTarget: (name: string, answer?: RequestListener, port?: number) => startTarget(atEnd, name, answer, port),
    startService: (options?: Partial<Elbv2Options>) => startService(atEnd, options),
    startBalancer: (targets: readonly { readonly port: number }[], settings?: BalancerSettings) =>
      startBalancer(atEnd, targets, settings),
  };
}

function temporaryDir(atEnd: AtEnd): string {
  const dir = mkdtempSync(join(tmpdir(), "elbv2-"));
  atEnd(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** A worker that answers `/healthz` with 200, and everything else by `answer`: its name by default. */
async function startTarget(atEnd: AtEnd, name: string, answer?: RequestListener, port = 0): Promise<TestTarget> {
  const seen: string[] = [];
  const server = createServer((req, res) => {
    if (req.url === "/healthz") {
      res.end("ok");
      return;
    }
    seen.push(`${req.method} ${req.url}`);
    if (answer) answer(req, res);
    else res.end(name);
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  atEnd(() => stopTarget({ server }));
  return { server, port: (server.address() as AddressInfo).port, seen };
}

/** Resets its connections and stops listening, as a killed process does. */
export async function stopTarget({ server }: Pick<TestTarget, "server">): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeAllConnections();
  await closed;
}

async function startService(atEnd: AtEnd, options: Partial<Elbv2Options> = {}) {
  const service = await createElbv2Service({
    dataDir: options.dataDir ?? temporaryDir(atEnd),
    log,
    getInstance: () => undefined,
    ...options,
  });
  atEnd(() => service.close());
  return service;
}

interface BalancerSettings {
  readonly group?: Partial<CreateTargetGroupCommandInput>;
  readonly attributes?: Readonly<Record<string, string>>;
  readonly idleSeconds?: number;
  readonly options?: Partial<Elbv2Options>;
}

/** A balancer with one listener and one target group of targets by address, checked every 50 ms. */
async function startBalancer(
  atEnd: AtEnd,
  targets: readonly { readonly port: number }[],
  settings: BalancerSettings = {},
) {
  const service = await startService(atEnd, settings.options);
  const { handlers } = service;
  const balancers = await handlers.CreateLoadBalancer({ Name: "gas", Subnets: ["subnet-1", "subnet-2"] }, call);
  const LoadBalancerArn = balancers.LoadBalancers?.[0]?.LoadBalancerArn ?? "";
  const groups = await handlers.CreateTargetGroup(
    {
      Name: "web",
      Port: 8000,
      TargetType: "ip",
      HealthCheckPath: "/healthz",
      HealthCheckIntervalSeconds: 0.05,
      HealthCheckTimeoutSeconds: 0.05,
      HealthyThresholdCount: 2,
      ...settings.group,
    },
    call,
  );
  const TargetGroupArn = groups.TargetGroups?.[0]?.TargetGroupArn ?? "";
  const Attributes = Object.entries(settings.attributes ?? {}).map(([Key, Value]) => ({ Key, Value }));
  await handlers.ModifyTargetGroupAttributes({ TargetGroupArn, Attributes }, call);
  if (settings.idleSeconds !== undefined) {
    const idle = { Key: "idle_timeout.timeout_seconds", Value: String(settings.idleSeconds) };
    await handlers.ModifyLoadBalancerAttributes({ LoadBalancerArn, Attributes: [idle] }, call);
  }
  const listeners = await handlers.CreateListener(
    { LoadBalancerArn, Protocol: "HTTP", Port: 0, DefaultActions: [{ Type: "forward", TargetGroupArn }] },
    call,
  );
  const { Port: port = 0, ListenerArn } = listeners.Listeners?.[0] ?? {};
  const describe = ({ port: Port }: { readonly port: number }) => ({ Id: "127.0.0.1", Port });
  const balancer = {
    ...service,
    LoadBalancerArn,
    TargetGroupArn,
    ListenerArn,
    port,
    url: `http://127.0.0.1:${port}`,
    register: (...some: readonly { readonly port: number }[]) =>
      handlers.RegisterTargets({ TargetGroupArn, Targets: some.map(describe) }, call),
    deregister: (...some: readonly { readonly port: number }[]) =>
      handlers.DeregisterTargets({ TargetGroupArn, Targets: some.map(describe) }, call),
    /** State and reason of each target by its port. */
    async health() {
      const { TargetHealthDescriptions: all = [] } = await handlers.DescribeTargetHealth({ TargetGroupArn }, call);
      return Object.fromEntries(
        all.map(({ Target, TargetHealth }) => [Target?.Port, [TargetHealth?.State, TargetHealth?.Reason]]),
      );
    },
    async untilState(target: { readonly port: number }, state: string | undefined) {
      await until(`target ${target.port} ${state}`, async () => (await balancer.health())[target.port]?.[0] === state);
    },
  };
  if (targets.length > 0) await balancer.register(...targets);
  for (const target of targets) await balancer.untilState(target, "healthy");
  return balancer;
}
