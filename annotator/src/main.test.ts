import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CloudWatchClient, ListMetricsCommand } from "@aws-sdk/client-cloudwatch";
import { putMessage } from "@elastic-gas/shared/reliability/outbox";
import { createSetting, type Setting } from "@elastic-gas/testing/annotator/test-environment";
import { createTestDatabase, type TestDatabase } from "@elastic-gas/testing/database";
import { startTestCloud, TEST_CREDENTIALS, type TestCloud } from "@elastic-gas/testing/local-cloud/test-cloud";
import { buildProgram } from "@elastic-gas/testing/programs";
import { createTestQueues } from "@elastic-gas/testing/queues";
import { waitUntil } from "@elastic-gas/testing/wait-until";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";

// The processes as they run on an instance: started with the environment only, killed for real.

const VCF =
  "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n9\t5456114\t.\tA\tG\t50\tPASS\tDP=3\n";
/** Never ends by itself, but with its worker. */
const ENDLESS = JSON.stringify([
  process.execPath,
  "-e",
  "const parent = process.ppid; setInterval(() => { if (process.ppid !== parent) process.exit(); }, 50)",
]);

let database: TestDatabase;
// As production connects: a query that the role has no right for fails here too.
let annotatorUrl: string;
let utilityUrl: string;
let cloud: TestCloud;
let setting: Setting;
const dataDir = mkdtempSync(join(tmpdir(), "annotator-main-"));
const children: ChildProcess[] = [];
const metadata: Record<string, { close: () => unknown; endpoint: string }> = {};

beforeAll(async () => {
  [database, cloud] = await Promise.all([createTestDatabase(), startTestCloud()]);
  setting = await createSetting(database.db, cloud.clientConfig);
  annotatorUrl = await database.urlOf("annotator");
  utilityUrl = await database.urlOf("utility");
  for (const instanceId of ["i-first", "i-second", "i-util"]) metadata[instanceId] = await serveMetadata(instanceId);
});
afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill("SIGKILL");
    await once(child, "exit");
  }
});
afterAll(async () => {
  for (const { close } of Object.values(metadata)) close();
  await cloud?.[Symbol.asyncDispose]();
  await database?.[Symbol.asyncDispose]();
  rmSync(dataDir, { recursive: true, force: true });
});

it("ends a job once though its worker was killed, by another one, and cleans up after both", async () => {
  const userId = await setting.addUser();
  const jobId = await request(userId);
  const first = await start("annotator", "i-first", { ANNOTATION_COMMAND: ENDLESS });
  await waitUntil("the first has the job", async () => {
    const job = await setting.job(jobId);
    return job.status === "RUNNING" && job.owner === "i-first";
  });
  expect(await beat("i-first")).toMatchObject({ pool: "annotator" });
  await waitUntil("the file is on the first's disk", () =>
    existsSync(join(dataDir, "annotator", "i-first", `${jobId}.1`)),
  );
  first.kill("SIGKILL");

  await start("annotator", "i-second");
  await waitUntil("the job is over", async () => (await setting.job(jobId)).status === "COMPLETED");
  expect(await setting.job(jobId)).toMatchObject({ attempt: 2, failure: null });
  expect(await setting.messages("jobResults")).toHaveLength(1);

  await start("annotator", "i-first");
  await waitUntil("the predecessor's files are gone", () => !existsSync(join(dataDir, "annotator", "i-first")));
  const second = join(dataDir, "annotator", "i-second");
  await waitUntil("the second's files are gone", () => readdirSync(second).length === 0);

  const cloudwatch = new CloudWatchClient(cloud.clientConfig);
  const { Metrics = [] } = await cloudwatch.send(
    new ListMetricsCommand({ Namespace: "ElasticGAS", MetricName: "JobsRunning" }),
  );
  expect(Metrics.flatMap(({ Dimensions = [] }) => Dimensions.map(({ Value }) => Value))).toContain("i-second");
});

it("shows no line of a killed worker's log once another one has the job", async () => {
  const userId = await setting.addUser();
  const jobId = await request(userId);
  const gate = join(dataDir, "gate");
  const saying = (text: string, atGate: string) =>
    JSON.stringify([
      process.execPath,
      "-e",
      `const fs = require("fs"); const parent = process.ppid; console.log(${JSON.stringify(text)});
       setInterval(() => {
         if (process.ppid !== parent) process.exit();
         if (fs.existsSync(${JSON.stringify(gate)})) { ${atGate} }
       }, 50)`,
      "{output}",
    ]);
  const log = async () => {
    const { status, attempt, runningLog, runningLogAttempt } = await setting.job(jobId);
    return { attempt, log: status === "RUNNING" && runningLogAttempt === attempt ? runningLog : null };
  };
  const first = await start("annotator", "i-first", { ANNOTATION_COMMAND: saying("of the first", "") });
  await waitUntil("the first's log is shown", async () => (await log()).log === "of the first\n");
  first.kill("SIGKILL");
  const finishing = 'fs.writeFileSync(process.argv[1], "annotated"); process.exit();';
  await start("annotator", "i-second", { ANNOTATION_COMMAND: saying("of the second", finishing) });
  const seen = new Set<string>();
  await waitUntil("the second's log is shown", async () => {
    const now = await log();
    if (now.log !== null) seen.add(`${now.attempt}: ${now.log}`);
    return now.log === "of the second\n";
  });
  expect([...seen]).toEqual(expect.not.arrayContaining([expect.stringMatching(/^1: of the second|^2: of the first/)]));
  expect(seen).toContain("2: of the second\n");
  writeFileSync(gate, "");
  await waitUntil("the job is over", async () => (await setting.job(jobId)).status === "COMPLETED");
  expect(await setting.job(jobId)).toMatchObject({ attempt: 2, runningLog: null, runningLogAttempt: null });
});

it("takes no more work once it is told to drain, and ends when asked to", async () => {
  const userId = await setting.addUser();
  const child = await start("annotator", "i-second");
  await waitUntil("its heartbeat", async () => (await beat("i-second"))?.at);
  await database.db.updateTable("workers").set({ draining: true }).where("instanceId", "=", "i-second").execute();
  const drainedAt = new Date();
  // Two beats: the first may have read the flag before it was set.
  await waitUntil(
    "it has read the flag",
    async () => ((await beat("i-second"))?.at ?? drainedAt).getTime() > drainedAt.getTime() + 1_500,
  );
  const jobId = await request(userId);
  const beatAt = (await beat("i-second"))?.at ?? new Date();
  await waitUntil("it goes on beating", async () => ((await beat("i-second"))?.at ?? beatAt) > beatAt);
  expect((await setting.job(jobId)).status).toBe("PENDING");
  child.kill("SIGTERM");
  const [code] = await once(child, "exit");
  expect(code).toBe(0);
});

it("serves the queues of mails, archives, restores and thaws in one utility worker, which keeps its row fresh", async () => {
  using queues = await createTestQueues(cloud.clientConfig, "test");
  const userId = await setting.addUser("free_user", "eve@example.org");
  const jobId = await setting.addJob(userId, VCF);
  await database.db
    .updateTable("jobs")
    .set({ status: "COMPLETED", completedAt: new Date() })
    .where("id", "=", jobId)
    .execute();
  const child = await start("utility", "i-util");
  // Of jobs of the tests before, whose time has not come.
  const later = await queues.count("archive");
  const dueAt = new Date(0).toISOString();
  await putMessage(database.db, "jobResults", { version: 1, jobId, userId, outcome: "COMPLETED" });
  await putMessage(database.db, "restore", { version: 1, userId });
  // Of a job that was deleted meanwhile.
  await putMessage(database.db, "archive", { version: 1, jobId: randomUUID(), userId, dueAt });
  await putMessage(database.db, "thaw", { version: 1, jobId: randomUUID(), retrievalId: "r", generation: 1 });
  await setting.outbox.flush();
  await waitUntil("the owner was told", async () => (await setting.job(jobId)).notifiedAt);
  for (const [queue, left] of [
    ["jobResults", 0],
    ["restore", 0],
    ["archive", later],
    ["thaw", 0],
  ] as const) {
    await waitUntil(`${queue} served`, async () => (await queues.count(queue)) === left);
    expect(await queues.deadLetters(queue)).toEqual([]);
  }
  expect(await beat("i-util")).toMatchObject({ pool: "utility" });
  child.kill("SIGTERM");
  const [code] = await once(child, "exit");
  expect(code).toBe(0);
});

async function request(userId: number): Promise<string> {
  const jobId = await setting.addJob(userId, VCF);
  await putMessage(database.db, "jobRequests", { version: 1, jobId, userId });
  await setting.outbox.flush();
  return jobId;
}

function beat(instanceId: string) {
  return database.db.selectFrom("workers").selectAll().where("instanceId", "=", instanceId).executeTakeFirst();
}

async function start(
  program: "annotator" | "utility",
  instanceId: string,
  changes: Record<string, string> = {},
): Promise<ChildProcess> {
  const child = spawn(process.execPath, await buildProgram(program), {
    stdio: ["ignore", process.env.LOG_LEVEL ? "inherit" : "ignore", "inherit"],
    env: {
      PATH: process.env.PATH,
      CLOUD: "local",
      PREFIX: "test",
      AWS_ENDPOINT_URL: cloud.endpoint,
      AWS_EC2_METADATA_SERVICE_ENDPOINT: metadata[instanceId]?.endpoint,
      DATABASE_URL: program === "annotator" ? annotatorUrl : utilityUrl,
      DATA_DIR: dataDir,
      JOB_LEASE_SECONDS: "2",
      VISIBILITY_TIMEOUT_SECONDS: "2",
      OUTBOX_SWEEP_SECONDS: "1",
      HEARTBEAT_SECONDS: "0.5",
      METRIC_PERIOD_SECONDS: "1",
      LOG_LEVEL: process.env.LOG_LEVEL ?? "info",
      NODE_NO_WARNINGS: "1",
      ...changes,
    },
  });
  children.push(child);
  return child;
}

/** An instance's metadata service with an identity and a role's credentials. */
async function serveMetadata(instanceId: string): Promise<{ endpoint: string; close: () => unknown }> {
  const answers: Record<string, string> = {
    "/latest/api/token": "token",
    "/latest/meta-data/instance-id": instanceId,
    "/latest/meta-data/local-ipv4": "127.0.0.1",
    "/latest/meta-data/placement/availability-zone": "us-east-1a",
    "/latest/meta-data/instance-type": "t3.small",
    "/latest/meta-data/iam/security-credentials/": "role",
    "/latest/meta-data/iam/security-credentials/role": JSON.stringify({
      Code: "Success",
      AccessKeyId: TEST_CREDENTIALS.accessKeyId,
      SecretAccessKey: TEST_CREDENTIALS.secretAccessKey,
      Token: "session",
      Expiration: new Date(Date.now() + 3_600_000).toISOString(),
    }),
  };
  const server = createServer((req, res) => {
    const answer = answers[req.url ?? ""];
    res.writeHead(answer === undefined ? 404 : 200, { "x-aws-ec2-metadata-token-ttl-seconds": "300" });
    res.end(answer);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo; // listening on TCP
  return { endpoint: `http://127.0.0.1:${port}`, close: () => server.close() };
}
