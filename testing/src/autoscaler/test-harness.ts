import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createCloud, destroyCloud } from "@elastic-gas/autoscaler/context/cloud";
import type { Context } from "@elastic-gas/autoscaler/context/context";
import { Lease } from "@elastic-gas/autoscaler/lease/lease";
import { Autoscaler } from "@elastic-gas/autoscaler/loop";
import { bootstrap } from "@elastic-gas/local-cloud/bootstrap";
import type { Middleware } from "@elastic-gas/local-cloud/wire/gateway";
import { type Instance, listInstances } from "@elastic-gas/shared/aws/instances";
import { type Config, readConfig } from "@elastic-gas/shared/config";
import { connectDatabase, type Database } from "@elastic-gas/shared/database/connect";
import { findFreePort } from "@elastic-gas/shared/free-port";
import { createLogger } from "@elastic-gas/shared/logger";
import { type PoolName, resourcesOf } from "@elastic-gas/shared/resources";
import { createTestDatabase } from "../database.ts";
import { startTestCloud, TEST_CREDENTIALS, type TestCloud } from "../local-cloud/test-cloud.ts";
import { CURRENT_RELEASE, useRelease } from "../releases.ts";

/**
 * A worker that answers health checks on its own address, and nothing else; ends at SIGTERM as any process. One of a
 * release whose SHA-256 begins with "bad" ends soon.
 */
const WORKER_SCRIPT = `#!/bin/bash
# __POOL__ __RELEASE_URL__ __SETTINGS_URL__ __LOCKFILE_HASH__
case __RELEASE_SHA256__ in bad*) sleep 1; exit 1 ;; esac
exec node --input-type=module -e '
  const imds = process.env.AWS_EC2_METADATA_SERVICE_ENDPOINT;
  const token = await (await fetch(imds + "/latest/api/token", { method: "PUT", headers: { "x-aws-ec2-metadata-token-ttl-seconds": "60" } })).text();
  const address = await (await fetch(imds + "/latest/meta-data/local-ipv4", { headers: { "x-aws-ec2-metadata-token": token } })).text();
  const { createServer } = await import("node:http");
  let failing = false;
  createServer((request, response) => {
    failing ||= request.url === "/fail";
    response.writeHead(failing ? 500 : 200).end();
  }).listen(8000, address);
'
`;

/** A call that asks for a change, as it arrived. */
export interface SeenCall {
  readonly operation: string;
  readonly input: Readonly<Record<string, unknown>>;
  /** Host and port by which the caller reached the cloud: tells callers apart that use different names for it. */
  readonly host: string;
}

/** A launch or an end that EC2 carried out, whether or not the caller heard of it. */
export interface InstanceChange {
  readonly operation: "RunInstances" | "TerminateInstances";
  readonly instanceIds: readonly string[];
}

export interface TestHarness extends AsyncDisposable {
  readonly db: Database;
  readonly cloud: TestCloud;
  readonly config: Config;
  readonly context: Context;
  /** Another autoscaler beside the first, with a lease of its own. */
  another(holder: string): { readonly context: Context; readonly autoscaler: Autoscaler };
  /** What a process of its own needs to act on the same cloud and database. */
  readonly environment: Readonly<Record<string, string>>;
  /** Calls that change something, oldest first. */
  readonly calls: SeenCall[];
  /** What became of the calls that launch and terminate, oldest first: the truth, however old EC2's answers are. */
  readonly changes: InstanceChange[];
  /** Stands between every AWS call and its handler until the next one replaces it. */
  intercept(middleware: Middleware | null): void;
  instances(pool: PoolName): Promise<readonly Instance[]>;
  /** Instances that run or boot, of a pool. */
  living(pool: PoolName): Promise<readonly Instance[]>;
  setPool(
    pool: PoolName,
    change: { readonly desired?: number; readonly min?: number; readonly max?: number; readonly paused?: boolean },
  ): Promise<void>;
}

/**
 * local-cloud with the product's resources and a release, a database, and an autoscaler that does nothing until told.
 */
export async function startTestHarness(
  settings: Readonly<Record<string, string>> = {},
  limits: { readonly requestTimeoutMs?: number } = {},
): Promise<TestHarness> {
  await using started = new AsyncDisposableStack();
  const database = started.use(await createTestDatabase());
  const databaseUrl = await database.urlOf("autoscaler");
  const db = connectDatabase({ url: databaseUrl, connectionLimit: 4 });
  started.defer(() => db.destroy());
  const calls: SeenCall[] = [];
  const changes: InstanceChange[] = [];
  let intercepted: Middleware | null = null;
  const dataDir = await mkdtemp(join(tmpdir(), "autoscaler-test-"));
  started.defer(() => rm(dataDir, { recursive: true, force: true }));
  // The user-data script takes the packages of the lockfile "abc" from here: none.
  await mkdir(join(dataDir, "cache", "node_modules-abc"), { recursive: true });
  const cloud = started.use(
    await startTestCloud({
      metricPeriodSeconds: 5,
      instanceVcpus: 0.5,
      instanceEnvironment: { ELASTIC_GAS_CACHE: join(dataDir, "cache") },
      middleware: (invocation, next) => {
        const { operation, input, call } = invocation;
        if (!/^(Describe|Get|List|Head|PutObject$)/.test(operation))
          calls.push({ operation, input: Object(input), host: call.host });
        const carryOut = async (): ReturnType<typeof next> => {
          const output = await next();
          const change = changeOf(operation, { input: Object(input), output: Object(output) });
          if (change !== null) changes.push(change);
          return output;
        };
        return intercepted === null ? carryOut() : intercepted(invocation, carryOut);
      },
    }),
  );
  const { accessKeyId, secretAccessKey } = TEST_CREDENTIALS;
  await writeFile(
    join(dataDir, "credentials"),
    `[default]\naws_access_key_id = ${accessKeyId}\naws_secret_access_key = ${secretAccessKey}\n`,
  );
  const environment = {
    AWS_ENDPOINT_URL: cloud.endpoint,
    DATA_DIR: dataDir,
    DATABASE_URL: databaseUrl,
    PREFIX: "test",
    LB_PORT: String(await findFreePort()),
    METRIC_PERIOD_SECONDS: "5",
    RULE_MINUTE_SECONDS: "5",
    TICK_SECONDS: "600",
    FAST_TICK_SECONDS: "600",
    RECONCILE_SECONDS: "0.2",
    // Longer than a machine with all cores busy keeps a process waiting.
    HEARTBEAT_SECONDS: "4",
    LEASE_SECONDS: "15",
    BOOT_DEADLINE_SECONDS: "120",
    UNHEALTHY_GRACE_SECONDS: "4",
    HEALTH_CHECK_INTERVAL_SECONDS: "3",
    DEREGISTRATION_DELAY_SECONDS: "1",
    ...settings,
  };
  const config = readConfig(environment);
  const resources = resourcesOf(config);
  const log = createLogger("autoscaler-test", process.env.LOG_LEVEL ?? "silent");
  await bootstrap({
    endpoint: cloud.endpoint,
    region: config.AWS_REGION,
    credentials: TEST_CREDENTIALS,
    resources,
    settings: config,
    log,
  });
  const clients = createCloud(config, limits);
  started.defer(() => destroyCloud(clients));
  await useRelease(database.db, CURRENT_RELEASE);
  const contextOf = (holder: string): Context => ({
    config,
    resources,
    db,
    cloud: clients,
    lease: new Lease(db, { holder, leaseSeconds: config.LEASE_SECONDS }),
    log,
    userDataTemplate: WORKER_SCRIPT,
  });
  const instances = async (pool: PoolName): Promise<readonly Instance[]> =>
    (await listInstances(clients.ec2, config.PREFIX)).filter((instance) => instance.pool === pool);
  const harness = started.move();
  return {
    db: database.db,
    cloud,
    config,
    context: contextOf("first"),
    another(holder) {
      const context = contextOf(holder);
      return { context, autoscaler: new Autoscaler(context, undefined) };
    },
    environment,
    calls,
    changes,
    intercept(middleware) {
      intercepted = middleware;
    },
    instances,
    living: async (pool) => (await instances(pool)).filter(({ state }) => state === "pending" || state === "running"),
    async setPool(pool, change) {
      await database.db.updateTable("pools").set(change).where("name", "=", pool).execute();
    },
    [Symbol.asyncDispose]: () => harness.disposeAsync(),
  };
}

function changeOf(
  operation: string,
  call: {
    readonly input: { readonly InstanceIds?: readonly string[] };
    readonly output: { readonly Instances?: readonly { readonly InstanceId: string }[] };
  },
): InstanceChange | null {
  if (operation === "RunInstances")
    return { operation, instanceIds: (call.output.Instances ?? []).map(({ InstanceId }) => InstanceId) };
  return operation === "TerminateInstances" ? { operation, instanceIds: call.input.InstanceIds ?? [] } : null;
}
