import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  DescribeImagesCommand,
  DescribeInstancesCommand,
  EC2Client,
  GetConsoleOutputCommand,
  RunInstancesCommand,
} from "@aws-sdk/client-ec2";
import { CreateBucketCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, expect, it } from "vitest";
import { renderUserData } from "../../../autoscaler/src/launches/user-data.ts";
import { startTestCloud, type TestCloud } from "../../../testing/src/local-cloud/test-cloud.ts";
import { waitUntil } from "../../../testing/src/wait-until.ts";
import { type BakedRelease, bakeImage, deleteImages } from "./bake-image.ts";

const BUCKET = "prod-releases";
const TEMPLATE = readFileSync(join(import.meta.dirname, "../../user-data.sh"), "utf8");
const options = {
  prefix: "prod",
  bucket: BUCKET,
  instanceType: "t3.small",
  subnetId: "subnet-local-a",
  baseImageId: "ami-0123456789abcdef0",
};
/** Where machines keep what an image holds: on one machine they share the disk. */
const releases = mkdtempSync(join(tmpdir(), "gas-baked-"));
let cloud: TestCloud;
let ec2: EC2Client;
let s3: S3Client;
beforeAll(async () => {
  cloud = await startTestCloud({ instanceVcpus: 1, instanceEnvironment: { ELASTIC_GAS_RELEASES: releases } });
  ec2 = new EC2Client(cloud.clientConfig);
  s3 = new S3Client({ ...cloud.clientConfig, forcePathStyle: true });
  await s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
});
afterAll(async () => {
  ec2?.destroy();
  s3?.destroy();
  await cloud?.[Symbol.asyncDispose]();
});

/** A release whose start.sh says this, and its settings. */
async function publish(says: string): Promise<BakedRelease> {
  const folder = mkdtempSync(join(tmpdir(), "gas-release-"));
  mkdirSync(join(folder, "node_modules"));
  writeFileSync(join(folder, "start.sh"), `#!/bin/sh\necho "${says} as $1, $(cat settings.env), in $PWD"\nsleep 300\n`);
  chmodSync(join(folder, "start.sh"), 0o755);
  const bytes = execFileSync("tar", ["-cz", "-C", folder, "."], { maxBuffer: 1e8 });
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  const key = `releases/${sha256}.tar.gz`;
  await s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: key, Body: bytes }));
  await s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: "settings/web.env", Body: "PREFIX=prod" }));
  return { key, sha256 };
}

async function builders(): Promise<readonly (string | undefined)[]> {
  const { Reservations = [] } = await ec2.send(new DescribeInstancesCommand({}));
  return Reservations.flatMap(({ Instances = [] }) => Instances)
    .filter(({ Tags = [] }) => Tags.some(({ Value }) => Value === "prod-gas-image-builder"))
    .map(({ State }) => State?.Name);
}

async function images(): Promise<readonly (string | undefined)[]> {
  const { Images = [] } = await ec2.send(new DescribeImagesCommand({ Owners: ["self"] }));
  return Images.map(({ ImageId }) => ImageId).sort();
}

it("bakes an image once for each release, keeps the last one beside it, and ends its builders", {
  timeout: 240_000,
}, async () => {
  const [first, second, third] = [await publish("one"), await publish("two"), await publish("three")];
  const baked = await bakeImage({ ec2, s3 }, first, options);
  expect(baked).toMatch(/^ami-/);
  expect(await bakeImage({ ec2, s3 }, first, options)).toBe(baked);
  expect(await builders()).toHaveLength(1);

  const next = await bakeImage({ ec2, s3 }, second, options);
  expect(await images()).toEqual([baked, next].sort());
  const last = await bakeImage({ ec2, s3 }, third, options);
  expect(await images()).toEqual([next, last].sort());
  await waitUntil("no builder is left", async () => (await builders()).every((state) => state === "terminated"));

  // Its release cannot be fetched any more: a worker of the image needs none of it.
  const gone = { ...third, key: "releases/gone.tar.gz" };
  const userData = await renderUserData(TEMPLATE, {
    s3,
    bucket: BUCKET,
    pool: "web",
    release: {
      release: gone.key,
      sha256: gone.sha256,
      settings: { web: "settings/web.env", annotator: "", utility: "" },
      lockfileHash: "none",
    },
  });
  const { Instances = [] } = await ec2.send(
    new RunInstancesCommand({
      MinCount: 1,
      MaxCount: 1,
      ImageId: last,
      InstanceType: "t3.small",
      UserData: Buffer.from(userData).toString("base64"),
    }),
  );
  const InstanceId = Instances[0]?.InstanceId ?? "";
  await waitUntil("the worker runs from the image", async () => {
    const { Output = "" } = await ec2.send(new GetConsoleOutputCommand({ InstanceId, Latest: true }));
    const said = Buffer.from(Output, "base64").toString();
    return said.includes(`three as web, PREFIX=prod, in ${releases}/${third.sha256}`);
  });

  expect(await deleteImages(ec2, "other")).toBe(0);
  expect(await deleteImages(ec2, "prod")).toBe(2);
  expect(await images()).toEqual([]);
});

it("makes no image of another file than was packed, says why, and leaves no builder", {
  timeout: 120_000,
}, async () => {
  const release = await publish("four");
  const other = { ...release, sha256: "0".repeat(64) };
  await expect(bakeImage({ ec2, s3 }, other, { ...options, buildSeconds: 20 })).rejects.toThrow(
    /^No image was made from i-\w+, which was terminated\. .*\n.*the SHA-256 of the release is not 0{64}\./,
  );
  expect(await images()).toEqual([]);
  expect(existsSync(join(releases, other.sha256))).toBe(false);
  await waitUntil("no builder is left", async () => (await builders()).every((state) => state === "terminated"));
});
