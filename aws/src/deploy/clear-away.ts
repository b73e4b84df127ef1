import {
  type EC2Client,
  paginateDescribeInstances,
  StopInstancesCommand,
  TerminateInstancesCommand,
  waitUntilInstanceStopped,
  waitUntilInstanceTerminated,
} from "@aws-sdk/client-ec2";
import {
  AbortMultipartUploadCommand,
  DeleteObjectsCommand,
  ListMultipartUploadsCommand,
  paginateListObjectsV2,
  type S3Client,
} from "@aws-sdk/client-s3";
import { isPoolName, TAGS } from "../../../shared/src/resources.ts";

const WAIT = { maxWaitTime: 900, minDelay: 1, maxDelay: 15 };
/** What EC2 takes in one call. */
const AT_ONCE = 1_000;

/**
 * What no stack knows: the workers. The manager's machine is stopped first, or it would launch others. Returns how many
 * there were.
 */
export async function endMachines(ec2: EC2Client, prefix: string): Promise<{ readonly workers: number }> {
  const { managers, workers } = await listMachines(ec2, prefix);
  if (managers.length > 0) {
    await ec2.send(new StopInstancesCommand({ InstanceIds: [...managers] }));
    await waitUntilInstanceStopped({ client: ec2, ...WAIT }, { InstanceIds: [...managers] });
  }
  // It may have launched some until then.
  const all = [...new Set([...workers, ...(await listMachines(ec2, prefix)).workers])];
  for (let from = 0; from < all.length; from += AT_ONCE) {
    const InstanceIds = all.slice(from, from + AT_ONCE);
    await ec2.send(new TerminateInstancesCommand({ InstanceIds }));
    await waitUntilInstanceTerminated({ client: ec2, ...WAIT }, { InstanceIds });
  }
  return { workers: all.length };
}

/** Instances with the installation's tag: with a pool's they are workers, without it is the manager's. */
async function listMachines(ec2: EC2Client, prefix: string) {
  const managers: string[] = [];
  const workers: string[] = [];
  const Filters = [
    { Name: `tag:${TAGS.prefix}`, Values: [prefix] },
    { Name: "instance-state-name", Values: ["pending", "running", "stopping"] },
  ];
  for await (const { Reservations = [] } of paginateDescribeInstances({ client: ec2 }, { Filters })) {
    for (const { InstanceId, Tags = [] } of Reservations.flatMap(({ Instances = [] }) => Instances)) {
      if (InstanceId === undefined) continue;
      const pool = Tags.find(({ Key }) => Key === TAGS.pool)?.Value ?? "";
      (isPoolName(pool) ? workers : managers).push(InstanceId);
    }
  }
  return { managers, workers };
}

/**
 * Deletes every object and unfinished upload; CloudFormation deletes empty buckets only. A bucket that is not there is
 * empty.
 */
export async function emptyBucket(s3: S3Client, Bucket: string): Promise<{ readonly objects: number }> {
  let objects = 0;
  try {
    for await (const { Contents = [] } of paginateListObjectsV2({ client: s3 }, { Bucket })) {
      if (Contents.length === 0) continue;
      const { Errors = [] } = await s3.send(
        new DeleteObjectsCommand({ Bucket, Delete: { Objects: Contents.map(({ Key }) => ({ Key })), Quiet: true } }),
      );
      if (Errors[0] !== undefined)
        throw new Error(`${Errors[0].Key} in ${Bucket} could not be deleted: ${Errors[0].Message}`);
      objects += Contents.length;
    }
    for (;;) {
      const { Uploads = [] } = await s3.send(new ListMultipartUploadsCommand({ Bucket }));
      if (Uploads.length === 0) break;
      for (const { Key, UploadId } of Uploads)
        await s3.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }));
    }
  } catch (error) {
    if (!(error instanceof Error && error.name === "NoSuchBucket")) throw error;
  }
  return { objects };
}
