import { Duration, RemovalPolicy } from "aws-cdk-lib";
import {
  BlockPublicAccess,
  Bucket,
  BucketEncryption,
  type BucketProps,
  HttpMethods,
  ObjectOwnership,
} from "aws-cdk-lib/aws-s3";
import { Queue, QueueEncryption } from "aws-cdk-lib/aws-sqs";
import type { Construct } from "constructs";
import { MAX_RECEIVE_COUNT, QUEUE_KEYS, type Resources } from "../../../shared/src/resources.ts";
import { accept } from "../answers.ts";

const ACCESS_LOG_DAYS = 90;
/** Parts of uploads that nobody completed. */
const UNFINISHED_UPLOAD_DAYS = 2;
/** As local-cloud's queues: the most that SQS allows. */
const RETENTION = Duration.days(14);
const VISIBILITY = Duration.seconds(60);

const PRIVATE: BucketProps = {
  blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
  encryption: BucketEncryption.S3_MANAGED,
  enforceSSL: true,
  // `npm run destroy` empties them first.
  removalPolicy: RemovalPolicy.DESTROY,
};

/** Who asked the balancer or the buckets for what. */
export function makeAccessLogs(scope: Construct, id: "BalancerLogs" | "BucketLogs"): Bucket {
  const logs = new Bucket(scope, id, {
    ...PRIVATE,
    lifecycleRules: [{ expiration: Duration.days(ACCESS_LOG_DAYS) }],
  });
  accept(logs, { S1: "It holds the access logs; logging the access to them would never end." });
  return logs;
}

/** The product's buckets. `origin` is where the pages come from that post files to the inputs bucket. */
export function makeBuckets(
  scope: Construct,
  { buckets }: Resources,
  { logs, origin }: { logs: Bucket; origin: string },
): void {
  for (const [key, bucketName] of Object.entries(buckets)) {
    const isInputs = bucketName === buckets.inputs;
    new Bucket(scope, `Bucket-${key}`, {
      ...PRIVATE,
      bucketName,
      serverAccessLogsBucket: logs,
      serverAccessLogsPrefix: `${key}/`,
      lifecycleRules: [{ abortIncompleteMultipartUploadAfter: Duration.days(UNFINISHED_UPLOAD_DAYS) }],
      // The upload's form names the ACL "private"; without ACLs S3 would refuse it.
      objectOwnership: isInputs ? ObjectOwnership.BUCKET_OWNER_PREFERRED : ObjectOwnership.BUCKET_OWNER_ENFORCED,
      ...(isInputs && {
        cors: [
          {
            allowedMethods: [HttpMethods.POST],
            allowedOrigins: [origin],
            allowedHeaders: ["*"],
            exposedHeaders: ["ETag", "Location"],
            maxAge: 300,
          },
        ],
      }),
    });
  }
}

/** Each with its dead-letter queue; returns these. */
export function makeQueues(scope: Construct, { queues }: Resources): readonly Queue[] {
  return QUEUE_KEYS.map((key) => {
    const common = { encryption: QueueEncryption.SQS_MANAGED, enforceSSL: true, retentionPeriod: RETENTION };
    const deadLetters = new Queue(scope, `DeadLetters-${key}`, { ...common, queueName: queues[key].deadLetterName });
    new Queue(scope, `Queue-${key}`, {
      ...common,
      queueName: queues[key].name,
      visibilityTimeout: VISIBILITY,
      receiveMessageWaitTime: Duration.seconds(20),
      deadLetterQueue: { queue: deadLetters, maxReceiveCount: MAX_RECEIVE_COUNT },
    });
    return deadLetters;
  });
}
