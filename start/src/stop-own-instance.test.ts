import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { DescribeInstancesCommand, EC2Client, RunInstancesCommand } from "@aws-sdk/client-ec2";
import { startTestCloud } from "@elastic-gas/testing/local-cloud/test-cloud";
import { waitUntil } from "@elastic-gas/testing/wait-until";
import { expect, onTestFinished, test } from "vitest";
import { stopOwnInstance } from "./stop-own-instance.ts";

const MODULE = join(import.meta.dirname, "stop-own-instance.ts");
const SDK = join(import.meta.dirname, "../../node_modules/@aws-sdk/client-ec2/dist-cjs/index.js");

test("an instance stops itself and no other, with the credentials of its profile", async () => {
  const stopped: unknown[] = [];
  await using cloud = await startTestCloud({
    middleware: async ({ operation, input }, next) => {
      if (operation === "StopInstances") stopped.push(input);
      return next();
    },
  });
  const ec2 = new EC2Client(cloud.clientConfig);
  onTestFinished(() => ec2.destroy());
  const folder = await mkdtemp(join(tmpdir(), "stop-own-instance-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  // What start.sh does there after the stop button, and then nothing: it is the instance's stop that ends it.
  const program = join(folder, "manager-machine.ts");
  await writeFile(
    program,
    `import sdk from ${JSON.stringify(pathToFileURL(SDK).href)};
     import { stopOwnInstance } from ${JSON.stringify(pathToFileURL(MODULE).href)};
     const ec2 = new sdk.EC2Client({ region: "us-east-1", endpoint: ${JSON.stringify(cloud.endpoint)} });
     console.log(JSON.stringify(await stopOwnInstance(ec2, process.env.AWS_EC2_METADATA_SERVICE_ENDPOINT)));
     setInterval(() => {}, 1_000);`,
  );
  const run = async (script: string): Promise<string> => {
    const { Instances } = await ec2.send(
      new RunInstancesCommand({
        ImageId: "ami-0123456789abcdef0",
        MinCount: 1,
        MaxCount: 1,
        IamInstanceProfile: { Name: "elastic-gas-manager" },
        UserData: Buffer.from(`#!/bin/bash\n${script}\n`).toString("base64"),
      }),
    );
    return Instances?.[0]?.InstanceId ?? "";
  };
  const other = await run("exec sleep 600");
  const own = await run(`exec '${process.execPath}' '${program}'`);
  const stateOf = async (id: string): Promise<string | undefined> => {
    const { Reservations } = await ec2.send(new DescribeInstancesCommand({ InstanceIds: [id] }));
    return Reservations?.[0]?.Instances?.[0]?.State?.Name;
  };
  await waitUntil("the instance to be stopped", async () => (await stateOf(own)) === "stopped", {
    deadlineMs: 90_000,
  });
  expect(stopped).toEqual([expect.objectContaining({ InstanceIds: [own] })]);
  expect(await stateOf(other)).toBe("running");
}, 120_000);

test("on a machine that is no instance nothing is stopped, and it says so", async () => {
  await using cloud = await startTestCloud();
  const ec2 = new EC2Client(cloud.clientConfig);
  onTestFinished(() => ec2.destroy());
  // Nothing listens on the discard port.
  const answer = await stopOwnInstance(ec2, "http://127.0.0.1:9");
  expect(answer).toMatchObject({ kind: "not stopped", why: expect.stringContaining("no EC2 instance") });
});
