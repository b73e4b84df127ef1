import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { InstanceRecord } from "@elastic-gas/local-cloud/ec2/instances/record";
import { createEc2Service, type Ec2Options, type Ec2Service } from "@elastic-gas/local-cloud/ec2/service";
import type { Ec2Settings } from "@elastic-gas/local-cloud/ec2/settings";
import { Fault } from "@elastic-gas/local-cloud/wire/handler";
import { createLogger } from "@elastic-gas/shared/logger";
import { findAddressBlock } from "../address-block.ts";

export const CALL = {
  requestId: "test",
  host: "127.0.0.1:4566",
  region: "us-east-1",
  accountId: "000000000000",
  principal: { arn: "arn:aws:iam::000000000000:root", userId: "000000000000", statements: undefined },
  signal: new AbortController().signal,
};

export const IMAGE_ID = "ami-0123456789abcdef0";

export interface TestEc2 extends AsyncDisposable {
  readonly service: Ec2Service;
  readonly dataDir: string;
  /** Launches one instance with the script (the lines of a bash program). */
  run(script: string, input?: Partial<Parameters<Ec2Service["handlers"]["RunInstances"]>[0]>): Promise<string>;
  /** Waits until it is so. */
  waitFor(instanceId: string, state: InstanceRecord["state"]): Promise<InstanceRecord>;
  console(instanceId: string): Promise<string>;
}

export async function testOptions(dataDir: string, settings: Partial<Ec2Settings> = {}): Promise<Ec2Options> {
  return {
    dataDir,
    log: createLogger("ec2-test", "fatal"),
    vcpus: 0.5,
    bootSeconds: 0,
    addressBlock: await findAddressBlock(),
    subnets: [
      { subnetId: "subnet-a", availabilityZone: "us-east-1a" },
      { subnetId: "subnet-b", availabilityZone: "us-east-1b" },
    ],
    region: "us-east-1",
    accountId: "000000000000",
    credentialsFor: () => ({
      accessKeyId: "local-key",
      secretAccessKey: "local-secret",
      sessionToken: "local-token",
      expiresAt: new Date(Date.now() + 6 * 3_600_000),
    }),
    settings: {
      terminationGraceSeconds: 5,
      closeGraceSeconds: 1,
      launchCreditCpuSeconds: 0,
      metadataPort: 0,
      ...settings,
    },
  };
}

export function newDataDir(): string {
  return realpathSync(mkdtempSync(join(tmpdir(), "ec2-test-")));
}

export async function startTestEc2(
  overrides: Partial<Omit<Ec2Options, "settings">> & { readonly settings?: Partial<Ec2Settings> } = {},
): Promise<TestEc2> {
  const dataDir = overrides.dataDir ?? newDataDir();
  const { settings, ...rest } = overrides;
  const service = await createEc2Service({ ...(await testOptions(dataDir, settings)), ...rest, dataDir });
  return {
    service,
    dataDir,
    async run(script, input = {}) {
      const answer = await service.handlers.RunInstances(
        {
          ImageId: IMAGE_ID,
          MinCount: 1,
          MaxCount: 1,
          UserData: encode(script),
          InstanceInitiatedShutdownBehavior: "terminate",
          ...input,
        },
        CALL,
      );
      return answer.Instances?.[0]?.InstanceId ?? "";
    },
    async waitFor(instanceId, state) {
      return await eventually(() => {
        const record = service.getInstance(instanceId);
        return record?.state === state ? record : undefined;
      }, `${instanceId} ${state}`);
    },
    async console(instanceId) {
      const { Output } = await service.handlers.GetConsoleOutput({ InstanceId: instanceId }, CALL);
      return Buffer.from(Output ?? "", "base64").toString();
    },
    async [Symbol.asyncDispose]() {
      await service.close({ keepInstances: false });
      rmSync(dataDir, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}

export function encode(script: string): string {
  return Buffer.from(`#!/bin/bash\n${script}\n`).toString("base64");
}

/** Polls until there is an answer other than undefined or false. */
export async function eventually<Answer>(
  ask: () => Answer | undefined | false | Promise<Answer | undefined | false>,
  what: string,
  seconds = 60,
): Promise<Answer> {
  const deadline = performance.now() + seconds * 1000;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    if (performance.now() > deadline) throw new Error(`Not within ${seconds} s: ${what}`);
    await delay(20);
  }
}

/** The code of the fault that a call ends with. */
export async function faultCodeOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
  } catch (error) {
    if (error instanceof Fault) return error.code;
    throw error;
  }
  return "no fault";
}
