import { CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import { EC2Client } from "@aws-sdk/client-ec2";
import { ElasticLoadBalancingV2Client } from "@aws-sdk/client-elastic-load-balancing-v2";
import { S3Client } from "@aws-sdk/client-s3";
import { SQSClient } from "@aws-sdk/client-sqs";
import { type CloudConfig, createAwsClient } from "@elastic-gas/shared/aws/clients";

/** The clients of the autoscaler, made once. */
export interface Cloud {
  readonly ec2: EC2Client;
  readonly elbv2: ElasticLoadBalancingV2Client;
  readonly cloudwatch: CloudWatchClient;
  readonly sqs: SQSClient;
  readonly s3: S3Client;
}

/** `requestTimeoutMs` is the longest wait for one answer; each call is tried three times. */
export function createCloud(config: CloudConfig, { requestTimeoutMs = 5_000 } = {}): Cloud {
  const choices = { requestTimeoutMs };
  return {
    ec2: createAwsClient(EC2Client, config, choices),
    elbv2: createAwsClient(ElasticLoadBalancingV2Client, config, choices),
    cloudwatch: createAwsClient(CloudWatchClient, config, choices),
    sqs: createAwsClient(SQSClient, config, choices),
    s3: createAwsClient(S3Client, config, choices),
  };
}

export function destroyCloud(cloud: Cloud): void {
  for (const client of Object.values(cloud)) client.destroy();
}
