import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  CreateImageCommand,
  DeregisterImageCommand,
  DescribeImagesCommand,
  type EC2Client,
  GetConsoleOutputCommand,
  type Image,
  RunInstancesCommand,
  TerminateInstancesCommand,
  waitUntilImageAvailable,
  waitUntilInstanceStopped,
} from "@aws-sdk/client-ec2";
import { GetObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { TAGS } from "../../../shared/src/resources.ts";
import { BOOT_LOG, logAgentSettings, logGroups } from "../log-agent.ts";

const SCRIPT = join(import.meta.dirname, "../../builder-user-data.sh");
/** The newest Amazon Linux 2023, as EC2 itself looks it up. */
const BASE_IMAGE = "resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64";
const URL_SECONDS = 3_600;
/** A boot, 83 MB and their unpacking take 2 min; a snapshot of the disk up to 15. */
const BUILD_SECONDS = 900;
const IMAGE_SECONDS = 2_400;
const POLL = { minDelay: 2, maxDelay: 15 };
/** The one in use and the one before, for the way back. */
const IMAGES_KEPT = 2;
const CONSOLE_LINES = 5;

export interface BakedRelease {
  readonly key: string;
  readonly sha256: string;
}

export interface BakeOptions {
  readonly prefix: string;
  readonly bucket: string;
  readonly instanceType: string;
  /** With a way to S3. */
  readonly subnetId: string;
  readonly baseImageId?: string;
  readonly buildSeconds?: number;
}

/**
 * The image whose disk holds the release, baked when there is none yet: a machine fetches the release as a worker
 * would, checks it and stops, and EC2 makes an image of its disk. Older images but the last go. Nothing stays behind of
 * a failure but its sentence.
 */
export async function bakeImage(
  { ec2, s3 }: { readonly ec2: EC2Client; readonly s3: S3Client },
  release: BakedRelease,
  options: BakeOptions,
): Promise<string> {
  const existing = (await listImages(ec2, options.prefix)).find((image) => releaseOf(image) === release.sha256);
  const imageId = existing?.ImageId ?? (await build({ ec2, s3 }, release, options));
  await waitUntilImageAvailable({ client: ec2, maxWaitTime: IMAGE_SECONDS, ...POLL }, { ImageIds: [imageId] });
  const all = await listImages(ec2, options.prefix);
  const others = all.filter(({ ImageId }) => ImageId !== imageId);
  await deregister(ec2, others.slice(IMAGES_KEPT - 1));
  return imageId;
}

/** All images of the installation and their disks; returns how many there were. */
export async function deleteImages(ec2: EC2Client, prefix: string): Promise<number> {
  const images = await listImages(ec2, prefix);
  await deregister(ec2, images);
  return images.length;
}

async function build(
  { ec2, s3 }: { readonly ec2: EC2Client; readonly s3: S3Client },
  release: BakedRelease,
  options: BakeOptions,
): Promise<string> {
  const { prefix, bucket, instanceType, subnetId, baseImageId = BASE_IMAGE, buildSeconds = BUILD_SECONDS } = options;
  const command = new GetObjectCommand({ Bucket: bucket, Key: release.key });
  const script = fillScript({
    RELEASE_URL: await getSignedUrl(s3, command, { expiresIn: URL_SECONDS }),
    RELEASE_SHA256: release.sha256,
    LOG_AGENT: logAgentSettings(logGroups({ PREFIX: prefix }).workers, { output: BOOT_LOG }),
  });
  const tags = (name: string) =>
    Object.entries({ [TAGS.name]: name, [TAGS.prefix]: prefix, [TAGS.release]: release.sha256 }).map(
      ([Key, Value]) => ({ Key, Value }),
    );
  const { Instances = [] } = await ec2.send(
    new RunInstancesCommand({
      MinCount: 1,
      MaxCount: 1,
      ImageId: baseImageId,
      InstanceType: instanceType as never, // any type, also one newer than the SDK's list
      SubnetId: subnetId,
      // Stopped, its disk is whole.
      InstanceInitiatedShutdownBehavior: "stop",
      MetadataOptions: { HttpTokens: "required" },
      UserData: Buffer.from(script, "utf8").toString("base64"),
      TagSpecifications: [{ ResourceType: "instance", Tags: tags(`${prefix}-gas-image-builder`) }],
    }),
  );
  const InstanceId = Instances[0]?.InstanceId ?? "";
  try {
    await waitUntilInstanceStopped({ client: ec2, maxWaitTime: buildSeconds, ...POLL }, { InstanceIds: [InstanceId] });
    const { ImageId = "" } = await ec2.send(
      new CreateImageCommand({
        InstanceId,
        Name: `${prefix}-gas-worker-${release.sha256.slice(0, 16)}`,
        Description: "Elastic GAS: a worker with its release",
        TagSpecifications: [
          { ResourceType: "image", Tags: tags(`${prefix}-gas-worker`) },
          { ResourceType: "snapshot", Tags: tags(`${prefix}-gas-worker`) },
        ],
      }),
    );
    // The machine is needed until the image is there.
    await waitUntilImageAvailable({ client: ec2, maxWaitTime: IMAGE_SECONDS, ...POLL }, { ImageIds: [ImageId] });
    return ImageId;
  } catch (error) {
    const said = await consoleOf(ec2, InstanceId);
    throw new Error(`No image was made from ${InstanceId}, which was terminated. ${said}`, { cause: error });
  } finally {
    await ec2.send(new TerminateInstancesCommand({ InstanceIds: [InstanceId] }));
  }
}

/** Newest first. */
async function listImages(ec2: EC2Client, prefix: string): Promise<readonly Image[]> {
  const Filters = [{ Name: `tag:${TAGS.prefix}`, Values: [prefix] }];
  const { Images = [] } = await ec2.send(new DescribeImagesCommand({ Owners: ["self"], Filters }));
  return Images.filter(({ State }) => State === "available" || State === "pending").toSorted((left, right) =>
    (right.CreationDate ?? "").localeCompare(left.CreationDate ?? ""),
  );
}

async function deregister(ec2: EC2Client, images: readonly Image[]): Promise<void> {
  for (const { ImageId } of images)
    await ec2.send(new DeregisterImageCommand({ ImageId, DeleteAssociatedSnapshots: true }));
}

function releaseOf({ Tags = [] }: Image): string | undefined {
  return Tags.find(({ Key }) => Key === TAGS.release)?.Value;
}

async function consoleOf(ec2: EC2Client, InstanceId: string): Promise<string> {
  try {
    const { Output = "" } = await ec2.send(new GetConsoleOutputCommand({ InstanceId, Latest: true }));
    const lines = Buffer.from(Output, "base64").toString().trim().split("\n").slice(-CONSOLE_LINES);
    return `Its console ends with:\n  ${lines.join("\n  ")}`;
  } catch {
    return "Its console cannot be read.";
  }
}

function fillScript(values: Readonly<Record<string, string>>): string {
  return readFileSync(SCRIPT, "utf8").replaceAll(/__([A-Z0-9]+(?:_[A-Z0-9]+)*)__/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined || /['\n\\]/.test(value))
      throw new Error(`The builder's script cannot take a value for __${name}__.`);
    return value;
  });
}
