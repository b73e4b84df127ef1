import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { DescribeInstancesCommand, EC2Client, GetConsoleOutputCommand, RunInstancesCommand } from "@aws-sdk/client-ec2";
import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { bootstrap } from "@elastic-gas/local-cloud/bootstrap";
import { Config, readConfig } from "@elastic-gas/shared/config";
import { findFreePort } from "@elastic-gas/shared/free-port";
import { createLogger } from "@elastic-gas/shared/logger";
import { instanceProfileName, permissionsOf } from "@elastic-gas/shared/permissions";
import { resourcesOf } from "@elastic-gas/shared/resources";
import { createTestDatabase } from "@elastic-gas/testing/database";
import { startTestCloud, TEST_CREDENTIALS } from "@elastic-gas/testing/local-cloud/test-cloud";
import { waitUntil } from "@elastic-gas/testing/wait-until";
import { beforeAll, expect, it, onTestFinished } from "vitest";
import { renderUserData } from "../../autoscaler/src/launches/user-data.ts";
import { buildPrograms } from "./build-programs.ts";
import { workerSettings } from "./environment.ts";
import { nodeArguments } from "./programs.ts";
import { packRelease, publishRelease, uploadRelease } from "./release.ts";

const run = promisify(execFile);
/** Packing, unpacking and booting 200 MB, on a machine with all cores busy. */
const PATIENT = { deadlineMs: 240_000, pollMs: 200 };
const TEST_MS = 600_000;
const ROOT = join(import.meta.dirname, "../..");
const TEMPLATE = readFileSync(join(ROOT, "aws/user-data.sh"), "utf8");
const PLACE = { region: "us-east-1", accountId: "000000000000", instanceProfile: "gas" };
/** A registry that nobody runs: whoever asks it fails. */
const NO_REGISTRY = "http://127.0.0.1:9";

beforeAll(() => buildPrograms(ROOT), TEST_MS);

it(
  "a worker boots from the release alone, with an empty cache and no registry, and runs no other file",
  async () => {
    await using database = await createTestDatabase();
    const cache = await mkdtemp(join(tmpdir(), "gas-empty-cache-"));
    onTestFinished(() => rm(cache, { recursive: true }));
    const resources = resourcesOf({ PREFIX: "boot" });
    const permissions = permissionsOf(resources, PLACE);
    await using cloud = await startTestCloud({
      instanceVcpus: 1,
      instanceEnvironment: { ELASTIC_GAS_CACHE: cache, npm_config_registry: NO_REGISTRY },
      roles: { [instanceProfileName("gas", "web")]: permissions.web },
    });
    const environment = {
      AWS_ENDPOINT_URL: cloud.endpoint,
      DATABASE_URL: await database.urlOf("web"),
      PREFIX: "boot",
      LB_PORT: String(await findFreePort()),
      SESSION_SECRET: "s".repeat(32),
      STRIPE_API_URL: cloud.endpoint,
    };
    const config = readConfig(environment);
    await bootstrap({
      endpoint: cloud.endpoint,
      region: PLACE.region,
      credentials: TEST_CREDENTIALS,
      resources,
      settings: config,
      log: createLogger("bootstrap", "silent"),
    });
    const s3 = new S3Client({ ...cloud.clientConfig, forcePathStyle: true });
    const ec2 = new EC2Client(cloud.clientConfig);
    const { releases: bucket } = resources.buckets;
    const release = await uploadRelease(s3, bucket, await packRelease(ROOT, { withPackages: true }));
    const manifest = await publishRelease({
      s3,
      bucket,
      root: ROOT,
      uploaded: release.sha256,
      settingsOf: (pool) => workerSettings(environment, pool),
    });

    const launch = async (): Promise<string> => {
      const userData = await renderUserData(TEMPLATE, { s3, bucket, pool: "web", release: manifest });
      const { Instances = [] } = await ec2.send(
        new RunInstancesCommand({
          MinCount: 1,
          MaxCount: 1,
          ImageId: Config.parse(environment).WORKER_IMAGE_ID,
          InstanceType: "t3.small",
          IamInstanceProfile: { Name: instanceProfileName("gas", "web") },
          UserData: Buffer.from(userData).toString("base64"),
        }),
      );
      return Instances[0]?.InstanceId ?? "";
    };
    const consoleOf = async (instanceId: string): Promise<string> => {
      const { Output = "" } = await ec2.send(new GetConsoleOutputCommand({ InstanceId: instanceId, Latest: true }));
      return Buffer.from(Output, "base64").toString();
    };

    const launchedAt = performance.now();
    const worker = await launch();
    await waitUntil(
      "the worker is healthy",
      async () => {
        const { Reservations } = await ec2.send(new DescribeInstancesCommand({ InstanceIds: [worker] }));
        const instance = Reservations?.[0]?.Instances?.[0];
        if (instance?.State?.Name === "terminated") throw new Error(await consoleOf(worker));
        return (await fetch(`http://${instance?.PrivateIpAddress}:${config.WORKER_PORT}/healthz`)).ok;
      },
      PATIENT,
    );
    const seconds = (performance.now() - launchedAt) / 1_000;
    console.log(`${(release.bytes.length / 1e6).toFixed(1)} MB; healthy ${seconds.toFixed(1)} s after the launch`);
    expect(await consoleOf(worker)).not.toContain(NO_REGISTRY);

    // Another file under its name: the next worker does not run it.
    await s3.send(new PutObjectCommand({ Bucket: bucket, Key: release.key, Body: release.bytes.subarray(1) }));
    const refused = await launch();
    await waitUntil(
      "the other release is refused",
      async () => (await consoleOf(refused)).includes(`its SHA-256 is not ${release.sha256}. Nothing of it runs.`),
      PATIENT,
    );
  },
  TEST_MS,
);

it(
  "the manager's programs and commands load from their release alone, which asks for no installation",
  async () => {
    const folder = await mkdtemp(join(tmpdir(), "gas-manager-release-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    const { bytes } = await packRelease(ROOT, { kind: "manager", withPackages: true });
    await writeFile(join(folder, "release.tar.gz"), bytes);
    await run("tar", ["-xzf", "release.tar.gz"], { cwd: folder });
    const options = { cwd: folder, env: { PATH: "/usr/bin:/bin", npm_config_registry: NO_REGISTRY } };
    const { stdout: said } = await run(
      "bash",
      ["-c", ". start/install.sh; ensure_node_modules; start/../node_modules/.bin/node --version"],
      options,
    );
    expect(said).toMatch(/^v24\.\d+\.\d+\n$/);
    const saidBy = async (args: readonly string[]): Promise<string> => {
      const env = { ...options.env, CLOUD: "none" };
      const { stdout: out, stderr } = await run("node_modules/.bin/node", [...args], { ...options, env }).catch(
        (error: { stdout: string; stderr: string }) => error,
      );
      return out + stderr;
    };
    for (const program of ["supervisor", "manager", "autoscaler"] as const)
      expect(await saidBy(nodeArguments(program)), program).toContain("The settings are not usable");
    expect(await saidBy(["start/src/admin-password.ts"])).toContain("The settings are not usable");
    expect(await saidBy(["start/src/control.ts", "status"])).toContain("Nothing runs from this folder.");
    expect(await saidBy(["start/src/release-main.ts", "release"])).toContain("does not run from this folder.");
    expect(await saidBy(["start/src/print-database-accounts.ts"])).toContain(
      "start.sh runs the database server itself",
    );
    expect(await saidBy(["manager/src/features/cli/main.ts", "--help"])).toContain("elastic-gas");
  },
  TEST_MS,
);
