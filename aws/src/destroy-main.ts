import { CloudFormationClient, DescribeStackResourcesCommand } from "@aws-sdk/client-cloudformation";
import { EC2Client } from "@aws-sdk/client-ec2";
import { S3Client } from "@aws-sdk/client-s3";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { ask } from "./deploy/ask.ts";
import { deleteImages } from "./deploy/bake-image.ts";
import { emptyBucket, endMachines } from "./deploy/clear-away.ts";
import { readDeployEnvironment } from "./deploy/read-environment.ts";
import { deleteStack, deployStack, describeObstacle, findStack, isChangeable } from "./deploy/stacks.ts";
import { tellFailures } from "./deploy/tell-failures.ts";
import { templatesOf } from "./deploy/templates.ts";
import { makeApp } from "./make-app.ts";
import { stackNames } from "./names.ts";
import { readOptions } from "./options.ts";

/** `npm run destroy`: asks twice, then leaves nothing of the installation: machines, data, backups, logs, secrets. */
tellFailures();
const TRIES = 3;
const options = readOptions({ ...readDeployEnvironment(), DATABASE_PROTECTION: "false" });
const { PREFIX, AWS_REGION: region } = options;
const cloudFormation = new CloudFormationClient({ region });
const names = stackNames(options);
const stacks = [await findStack(cloudFormation, names.foundation), await findStack(cloudFormation, names.service)];
if (stacks.every((stack) => stack === undefined)) {
  console.log(`There is no installation ${PREFIX} in ${region}. Nothing is to be done.`);
  process.exit(0);
}
for (const stack of stacks)
  if (stack?.StackStatus?.endsWith("_IN_PROGRESS")) {
    const obstacle = describeObstacle(stack.StackName ?? "", stack.StackStatus);
    if (obstacle !== undefined) throw new Error(obstacle);
  }
const { Account } = await new STSClient({ region }).send(new GetCallerIdentityCommand({}));
console.log(`This deletes the installation ${PREFIX} of account ${Account} in ${region}: users, jobs, files, photos, archives, the database with its backups, logs and secrets.
Nothing of it can be brought back.`);
await insist(`Type the prefix, ${PREFIX}, to go on: `, PREFIX);
await insist(`Really? Type "delete ${PREFIX}": `, `delete ${PREFIX}`);

console.log("Ending the machines ...");
const ec2 = new EC2Client({ region });
const { workers } = await endMachines(ec2, PREFIX);
console.log(
  `  the manager and ${workers} workers ended, ${await deleteImages(ec2, PREFIX)} images deleted\nDeleting ${names.service} ...`,
);
await deleteStack(cloudFormation, names.service);
const status = stacks[0]?.StackStatus;
if (status !== undefined) {
  if (isChangeable(status)) {
    console.log("Taking the protection off the database ...");
    const none = "0".repeat(64);
    const [foundation] = templatesOf(makeApp(options, { worker: none, manager: none }));
    await deployStack(cloudFormation, foundation);
  }
  const { StackResources = [] } = await cloudFormation.send(
    new DescribeStackResourcesCommand({ StackName: names.foundation }),
  );
  const buckets = StackResources.flatMap(({ ResourceType, PhysicalResourceId }) =>
    ResourceType === "AWS::S3::Bucket" && PhysicalResourceId !== undefined ? [PhysicalResourceId] : [],
  );
  await deleteWithBuckets(buckets);
}
console.log(`Nothing of ${PREFIX} is left.`);

/**
 * The balancer writes access logs as long as it is there: what comes between emptying and deleting keeps the stack, and
 * the next try finds no balancer.
 */
async function deleteWithBuckets(buckets: readonly string[]): Promise<void> {
  const s3 = new S3Client({ region });
  for (let left = TRIES; ; left -= 1) {
    for (const bucket of buckets) {
      const { objects } = await emptyBucket(s3, bucket);
      console.log(`  ${bucket}: ${objects} objects deleted`);
    }
    console.log(`Deleting ${names.foundation}; the database takes some minutes ...`);
    try {
      await deleteStack(cloudFormation, names.foundation);
      return;
    } catch (error) {
      if (left === 1)
        throw new Error(
          `${error instanceof Error ? error.message : error}\nWhere the database is protected, run aws rds modify-db-instance --region ${region} --db-instance-identifier ${PREFIX}-gas --no-deletion-protection, then this again.`,
          { cause: error },
        );
      console.log("  CloudFormation left something; once more ...");
    }
  }
}

async function insist(question: string, answer: string): Promise<void> {
  if ((await ask(question)) === answer) return;
  console.log("Nothing was deleted.");
  process.exit(1);
}
