import {
  DescribeInstancesCommand,
  EC2Client,
  EC2ServiceException,
  GetConsoleOutputCommand,
  paginateDescribeInstances,
  RunInstancesCommand,
  TerminateInstancesCommand,
  waitUntilInstanceRunning,
} from "@aws-sdk/client-ec2";
import { createLogger } from "@elastic-gas/shared/logger";
import {
  encode,
  eventually,
  IMAGE_ID,
  startTestEc2,
  type TestEc2,
} from "@elastic-gas/testing/local-cloud/ec2/test-ec2";
import { expect, onTestFinished, test } from "vitest";
import { KnownHosts } from "../wire/address.ts";
import { Identities } from "../wire/auth/identities.ts";
import { Gateway } from "../wire/gateway.ts";
import { mountService } from "../wire/mount.ts";
import { startServer } from "../wire/server.ts";

const CREDENTIALS = { accessKeyId: "LCALTESTKEY", secretAccessKey: "local/test+secret" };

test("the SDK launches, finds, waits for, reads and terminates instances", async () => {
  await using ec2 = await startTestEc2();
  const client = await connect(ec2);
  const launched = await client.send(
    new RunInstancesCommand({
      ImageId: IMAGE_ID,
      MinCount: 1,
      MaxCount: 1,
      UserData: encode("echo hello; exec sleep 60"),
      Monitoring: { Enabled: true },
      IamInstanceProfile: { Name: "gas-worker" },
      TagSpecifications: [{ ResourceType: "instance", Tags: [{ Key: "Name", Value: "test-gas-web" }] }],
    }),
  );
  const instance = launched.Instances?.[0];
  const id = instance?.InstanceId ?? "";
  expect(instance).toMatchObject({ State: { Code: 0, Name: "pending" }, Monitoring: { State: "enabled" } });
  await waitUntilInstanceRunning({ client, maxWaitTime: 10, minDelay: 1, maxDelay: 1 }, { InstanceIds: [id] });

  const found: unknown[] = [];
  const Filters = [
    { Name: "tag:Name", Values: ["test-gas-*"] },
    { Name: "instance-state-name", Values: ["pending", "running"] },
  ];
  for await (const page of paginateDescribeInstances({ client, pageSize: 5 }, { Filters })) {
    found.push(...(page.Reservations ?? []).flatMap((reservation) => reservation.Instances ?? []));
  }
  expect(found).toMatchObject([
    {
      InstanceId: id,
      PrivateIpAddress: instance?.PrivateIpAddress,
      LaunchTime: expect.any(Date),
      Tags: [{ Key: "Name", Value: "test-gas-web" }],
    },
  ]);

  await eventually(async () => {
    const { Output } = await client.send(new GetConsoleOutputCommand({ InstanceId: id }));
    return Buffer.from(Output ?? "", "base64").toString() === "hello\n";
  }, "console output");
  const { TerminatingInstances } = await client.send(new TerminateInstancesCommand({ InstanceIds: [id] }));
  expect(TerminatingInstances?.[0]?.CurrentState).toEqual({ Code: 32, Name: "shutting-down" });
  await ec2.waitFor(id, "terminated");
});

test("faults arrive as the SDK's exceptions, by EC2's codes", async () => {
  await using ec2 = await startTestEc2({ settings: { capacity: 0 } });
  const client = await connect(ec2);
  const nameOf = async (call: Promise<unknown>) => {
    const error = await call.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    return error instanceof EC2ServiceException ? `${error.$metadata.httpStatusCode} ${error.name}` : String(error);
  };
  expect(await nameOf(client.send(new DescribeInstancesCommand({ InstanceIds: ["i-0123456789abcdef0"] })))).toBe(
    "400 InvalidInstanceID.NotFound",
  );
  expect(await nameOf(client.send(new TerminateInstancesCommand({ InstanceIds: ["nonsense"] })))).toBe(
    "400 InvalidInstanceID.Malformed",
  );
  const run = new RunInstancesCommand({ ImageId: IMAGE_ID, MinCount: 1, MaxCount: 1 });
  expect(await nameOf(client.send(run))).toBe("500 InsufficientInstanceCapacity");
});

async function connect(ec2: TestEc2): Promise<EC2Client> {
  const log = createLogger("ec2-test", "silent");
  const hosts = new KnownHosts(["localhost"]);
  const gateway = new Gateway({
    mounts: [await mountService("ec2", ec2.service.handlers)],
    identities: new Identities({
      credentials: CREDENTIALS,
      accountId: "000000000000",
      roles: undefined,
      now: () => new Date(),
    }),
    region: "us-east-1",
    accountId: "000000000000",
    hosts,
    log,
    now: () => new Date(),
    middleware: undefined,
    bodyIdleMs: 60_000,
    browser: undefined,
  });
  const server = await startServer({ host: "127.0.0.1", port: 0, gateway, pages: [], hosts, log });
  const client = new EC2Client({
    endpoint: `http://127.0.0.1:${server.port}`,
    region: "us-east-1",
    credentials: CREDENTIALS,
    maxAttempts: 1,
  });
  onTestFinished(async () => {
    client.destroy();
    await server.close();
  });
  return client;
}
