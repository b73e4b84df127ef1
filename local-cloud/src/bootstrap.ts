import { EC2Client } from "@aws-sdk/client-ec2";
import { ElasticLoadBalancingV2Client } from "@aws-sdk/client-elastic-load-balancing-v2";
import { GlacierClient } from "@aws-sdk/client-glacier";
import { S3Client } from "@aws-sdk/client-s3";
import { SQSClient } from "@aws-sdk/client-sqs";
import type { Logger } from "@elastic-gas/shared/logger";
import type { Resources } from "@elastic-gas/shared/resources";
import { ensureBuckets } from "./bootstrap/buckets.ts";
import { ensureLoadBalancer } from "./bootstrap/load-balancer.ts";
import { ensureQueues } from "./bootstrap/queues.ts";
import { ensureVault } from "./bootstrap/vault.ts";
import type { Settings } from "./settings.ts";
import type { Credentials } from "./wire/auth/authenticate.ts";

export interface BootstrapOptions {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: Credentials;
  readonly resources: Resources;
  readonly settings: Pick<
    Settings,
    | "PUBLIC_HOST"
    | "PUBLIC_URL"
    | "LB_PORT"
    | "WORKER_PORT"
    | "HEALTH_CHECK_INTERVAL_SECONDS"
    | "DEREGISTRATION_DELAY_SECONDS"
    | "VISIBILITY_TIMEOUT_SECONDS"
  >;
  readonly log: Logger;
}

/**
 * Creates what the product needs of AWS, through the same clients as everyone. Safe to run again: what exists is
 * brought in line with the settings.
 */
export async function bootstrap({
  endpoint,
  region,
  credentials,
  resources,
  settings,
  log,
}: BootstrapOptions): Promise<void> {
  const config = { endpoint, region, credentials, forcePathStyle: true };
  const s3 = new S3Client(config);
  const sqs = new SQSClient(config);
  const ec2 = new EC2Client(config);
  const glacier = new GlacierClient(config);
  const elbv2 = new ElasticLoadBalancingV2Client(config);
  try {
    await Promise.all([
      ensureBuckets(s3, resources, { region, origins: browserOrigins(settings) }),
      ensureQueues(sqs, resources, settings.VISIBILITY_TIMEOUT_SECONDS),
      ensureVault(glacier, resources),
      ensureLoadBalancer({ ec2, elbv2 }, resources, settings),
    ]);
    log.info({ prefix: resources.prefix }, "resources exist");
  } finally {
    for (const client of [s3, sqs, glacier, ec2, elbv2]) client.destroy();
  }
}

/** From where user-app's pages post files to the bucket. */
export function browserOrigins({
  PUBLIC_HOST,
  PUBLIC_URL,
  LB_PORT,
}: Pick<Settings, "PUBLIC_HOST" | "PUBLIC_URL" | "LB_PORT">): readonly string[] {
  const hosts = [PUBLIC_HOST, "localhost", "127.0.0.1"].map((host) => `http://${host}:${LB_PORT}`);
  const publicOrigin = PUBLIC_URL !== undefined && URL.canParse(PUBLIC_URL) ? [new URL(PUBLIC_URL).origin] : [];
  return [...new Set([...publicOrigin, ...hosts])];
}
