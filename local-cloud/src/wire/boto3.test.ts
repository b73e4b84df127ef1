import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { webWorkerScript } from "@elastic-gas/testing/local-cloud/ec2/web-worker";
import { IS_PROOF, recordResult } from "@elastic-gas/testing/local-cloud/proof";
import { startTestCloud, TEST_CREDENTIALS } from "@elastic-gas/testing/local-cloud/test-cloud";
import { clientsToTry, findBoto3 } from "@elastic-gas/testing/local-cloud/wire/find-clients";
import { describe, expect, onTestFinished, test } from "vitest";
import { z } from "zod";

// boto3 encodes several things otherwise than the JavaScript clients. Skipped on machines without it.

const run = promisify(execFile);
const TOUR = join(import.meta.dirname, "../../../testing/src/local-cloud/wire/boto3-tour.py");
const SERVICES = ["cloudwatch", "ec2", "elbv2", "glacier", "s3", "sesv2", "sqs"];
const installed = findBoto3();
if (installed.length === 0) console.info("boto3 not found: its test is skipped");

describe.skipIf(installed.length === 0).each(clientsToTry(installed, IS_PROOF))(
  "boto3 in $name",
  ({ name, command: [program = "", ...words], environment }) => {
    test("finds every service as on AWS, errors and edge cases included", async () => {
      await using cloud = await startTestCloud({ retrievalSeconds: { Expedited: 0.5 } });
      const home = await mkdtemp(join(tmpdir(), "boto3-"));
      onTestFinished(() => rm(home, { recursive: true, force: true }));
      const { stdout } = await run(program, [...words, TOUR, cloud.endpoint, webWorkerScript()], {
        env: {
          PATH: process.env.PATH,
          HOME: home,
          AWS_ACCESS_KEY_ID: TEST_CREDENTIALS.accessKeyId,
          AWS_SECRET_ACCESS_KEY: TEST_CREDENTIALS.secretAccessKey,
          AWS_DEFAULT_REGION: "us-east-1",
          AWS_EC2_METADATA_DISABLED: "true",
          ...environment,
        },
      });
      const calls = z.record(z.string(), z.number()).parse(JSON.parse(stdout));
      const total = Object.values(calls).reduce((sum, count) => sum + count, 0);
      console.info(`${name}: ${total} calls of ${Object.keys(calls).length} operations`);
      recordResult(`boto3-${name}`, "boto3 calls every service", { client: name, total, calls });
      expect(total).toBeGreaterThanOrEqual(40);
      expect([...new Set(Object.keys(calls).map((call) => call.split(".")[0]))].sort()).toEqual(SERVICES);
    }, 600_000);
  },
);
