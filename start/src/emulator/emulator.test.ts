import { mkdtempSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EC2Client, RunInstancesCommand, TerminateInstancesCommand } from "@aws-sdk/client-ec2";
import { GetBucketCorsCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { SESv2Client } from "@aws-sdk/client-sesv2";
import { GetQueueUrlCommand, ReceiveMessageCommand, SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { createAwsClient } from "@elastic-gas/shared/aws/clients";
import { awaitInstanceIdentity } from "@elastic-gas/shared/aws/instance-identity";
import { listInstances } from "@elastic-gas/shared/aws/instances";
import { type Config, readConfig } from "@elastic-gas/shared/config";
import { findFreePort } from "@elastic-gas/shared/free-port";
import { createLogger } from "@elastic-gas/shared/logger";
import { sendMail } from "@elastic-gas/shared/mail/send-mail";
import { resourcesOf, TAGS } from "@elastic-gas/shared/resources";
import { startMoto } from "@elastic-gas/testing/emulator";
import { startTestCloud, TEST_CREDENTIALS } from "@elastic-gas/testing/local-cloud/test-cloud";
import { waitUntil } from "@elastic-gas/testing/wait-until";
import { describe, expect, test } from "vitest";
import type { Part } from "../supervise.ts";
import { emulatorLines, prepareEmulator } from "./emulator.ts";
import { serveMetadata } from "./metadata.ts";
import { runEmulatedWorkers } from "./workers.ts";

const log = createLogger("test", "silent");

async function settings(endpoint: string, changes: Record<string, string> = {}): Promise<Config> {
  const folder = mkdtempSync(join(tmpdir(), "emulator-"));
  const { accessKeyId, secretAccessKey } = TEST_CREDENTIALS;
  writeFileSync(
    join(folder, "credentials"),
    `[default]\naws_access_key_id = ${accessKeyId}\naws_secret_access_key = ${secretAccessKey}\n`,
  );
  return readConfig({
    AWS_ENDPOINT_URL: endpoint,
    EMULATED_INSTANCES: "true",
    DATA_DIR: folder,
    LB_PORT: String(await findFreePort()),
    LOCAL_ADDRESS_BLOCK: "127.0.210",
    ...changes,
  });
}

const EMULATORS = [
  ["another local-cloud", startTestCloud],
  ["moto", startMoto],
] as const;

describe.each(EMULATORS)("with %s as the emulator", (name, start) => {
  test("the product makes what it needs, twice without harm, and uses it", { timeout: 240_000 }, async (context) => {
    const started = await start();
    if (typeof started === "string") return context.skip(started);
    await using emulator = started;
    const config = await settings(emulator.endpoint);
    const resources = resourcesOf(config);

    const missing = await prepareEmulator(config);
    // local-cloud sends any mail, and knows no identities.
    expect(missing.map((sentence) => sentence.split(":")[0])).toEqual(name === "moto" ? [] : ["SES"]);
    expect(await prepareEmulator(config)).toEqual(missing);

    const s3 = createAwsClient(S3Client, config);
    const { CORSRules } = await s3.send(new GetBucketCorsCommand({ Bucket: resources.buckets.inputs }));
    expect(CORSRules?.[0]?.AllowedOrigins).toContain(`http://localhost:${config.LB_PORT}`);
    await s3.send(new PutObjectCommand({ Bucket: resources.buckets.results, Key: "a", Body: "b" }));

    const sqs = createAwsClient(SQSClient, config, { requestTimeoutMs: 30_000 });
    const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: resources.queues.jobRequests.name }));
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: "work" }));
    const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 5 }));
    expect(Messages?.map(({ Body }) => Body)).toEqual(["work"]);

    const ses = createAwsClient(SESv2Client, config);
    await sendMail(ses, { from: config.MAIL_FROM, to: "ada@example.org", subject: "s", text: "t", html: "<p>t</p>" });

    await testWorkers(config);
    for (const client of [s3, sqs, ses]) client.destroy();
  });
});

/** Each instance of the emulator has a process from its launch to its end. */
async function testWorkers(config: Config): Promise<void> {
  const begun: Part[] = [];
  const stopped: string[] = [];
  const workers = await runEmulatedWorkers({
    root: "/nowhere",
    config,
    environment: {},
    log,
    begin: (part) => {
      begun.push(part);
      return {
        up: Promise.resolve(),
        ended: Promise.resolve(),
        stop: async () => void stopped.push(part.name),
      };
    },
  });
  const ec2 = createAwsClient(EC2Client, config);
  const launch = async (pool: string): Promise<string> => {
    const Tags = Object.entries({ [TAGS.prefix]: config.PREFIX, [TAGS.pool]: pool }).map(([Key, Value]) => ({
      Key,
      Value,
    }));
    const { Instances = [] } = await ec2.send(
      new RunInstancesCommand({
        ImageId: config.WORKER_IMAGE_ID,
        InstanceType: "t3.small",
        MinCount: 1,
        MaxCount: 1,
        UserData: Buffer.from("#!/bin/sh\nexec sleep 300\n").toString("base64"),
        TagSpecifications: [{ ResourceType: "instance", Tags }],
      }),
    );
    return Instances[0]?.InstanceId ?? "";
  };
  const ids = [await launch("annotator"), await launch("web")];
  const names = [`annotator ${ids[0]}`, `web ${ids[1]}`].sort();
  await waitUntil("both have a process", () => begun.length === 2);
  expect(begun.map((part) => part.name).sort()).toEqual(names);
  // Nobody listens there yet.
  expect((await fetch(`http://127.0.0.1:${config.LB_PORT}/`)).status).toBe(503);

  await ec2.send(new TerminateInstancesCommand({ InstanceIds: [ids[0] ?? ""] }));
  await waitUntil("its process was ended", () => stopped.includes(`annotator ${ids[0]}`));
  await workers.stop();
  expect(stopped.toSorted()).toEqual(names);
  expect((await listInstances(ec2, config.PREFIX)).map(({ id }) => id)).toContain(ids[1]);
  ec2.destroy();
}

test("a worker's program learns who it is, and its key, as on EC2", async () => {
  const metadata = await serveMetadata({
    instance: {
      id: "i-0123456789abcdef0",
      pool: "web",
      intentId: null,
      releaseId: null,
      state: "running",
      type: "t3.small",
      zone: "us-east-1b",
      subnetId: null,
      address: "10.0.0.7",
      launchedAt: 0,
      stateReason: null,
    },
    address: "127.0.211.9",
    region: "us-east-1",
    role: "web",
    credentials: TEST_CREDENTIALS,
  });
  const endpoint = `http://127.0.211.9:${metadata.port}`;
  expect(await awaitInstanceIdentity(endpoint)).toEqual({
    instanceId: "i-0123456789abcdef0",
    localIpv4: "127.0.211.9",
    availabilityZone: "us-east-1b",
    instanceType: "t3.small",
  });
  const token = await fetch(`${endpoint}/latest/api/token`, {
    method: "PUT",
    headers: { "x-aws-ec2-metadata-token-ttl-seconds": "60" },
  });
  const keys = await fetch(`${endpoint}/latest/meta-data/iam/security-credentials/web`, {
    headers: { "x-aws-ec2-metadata-token": await token.text() },
  });
  expect(await keys.json()).toMatchObject({
    AccessKeyId: TEST_CREDENTIALS.accessKeyId,
    SecretAccessKey: TEST_CREDENTIALS.secretAccessKey,
  });
  await metadata.close();
});

test("where nobody answers, the sentence says what to do", async () => {
  const endpoint = `http://127.0.0.1:${await findFreePort()}`;
  await expect(prepareEmulator(await settings(endpoint))).rejects.toThrow(
    `Nothing answers at ${endpoint} (AWS_ENDPOINT_URL). Start the emulator first, or leave AWS_ENDPOINT_URL empty`,
  );
});

test("a service that is not served is one sentence; one that is needed ends the start", async () => {
  const server = createServer((request, response) => {
    request.resume();
    response.writeHead(501, { "content-type": "text/html" }).end(`<html>\n<body>${"no ".repeat(200)}\n</html>`);
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo; // a TCP server has a port
  const failure = await prepareEmulator(await settings(`http://127.0.0.1:${port}`)).catch((error: unknown) => error);
  const text = failure instanceof Error ? failure.message : "";
  expect(text).toMatch(/^The emulator at \S+ does not serve what the product needs\. S3: there is no place for files/);
  expect(text).not.toMatch(/\n|<html>\s/);
  expect(text.length).toBeLessThan(600);
  server.closeAllConnections();
  await new Promise((done) => server.close(done));
});

test("the banner names the emulator, what it cannot do and what it does not serve", async () => {
  const config = await settings("http://127.0.0.1:5566");
  const lines = emulatorLines(config, ["Glacier: results are not archived."]);
  expect(lines[0]).toContain("AWS is the emulator at http://127.0.0.1:5566");
  expect(lines.join("\n")).toMatch(
    /run instances: for each one, its worker's program runs as a process of this machine/,
  );
  expect(lines).toContain("  !! Glacier: results are not archived.");
});
