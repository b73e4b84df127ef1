import { CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import { S3Client } from "@aws-sdk/client-s3";
import { SQSClient } from "@aws-sdk/client-sqs";
import { createAwsClient } from "@elastic-gas/shared/aws/clients";
import { readInstanceIdentity } from "@elastic-gas/shared/aws/instance-identity";
import { readConfig } from "@elastic-gas/shared/config";
import { connectDatabase } from "@elastic-gas/shared/database/connect";
import { createLogger } from "@elastic-gas/shared/logger";
import { stopOnSignals } from "@elastic-gas/shared/shutdown";
import { runWorker } from "./jobs/worker.ts";

const LONG_POLL_TIMEOUT_MS = 30_000; // above the 20 s that a receive waits

const config = readConfig(process.env);
const log = createLogger("annotator", config.LOG_LEVEL);
const { signal } = stopOnSignals(log);
const { instanceId } = await readInstanceIdentity(config.AWS_EC2_METADATA_SERVICE_ENDPOINT);
const db = connectDatabase({ url: config.DATABASE_URL });

log.info({ instanceId }, "annotator started");
await runWorker({
  config,
  db,
  s3: createAwsClient(S3Client, config, { requestTimeoutMs: 60_000 }),
  sqs: createAwsClient(SQSClient, config, { requestTimeoutMs: LONG_POLL_TIMEOUT_MS }),
  cloudwatch: createAwsClient(CloudWatchClient, config),
  instanceId,
  log,
  signal,
});
await db.destroy();
log.info({ instanceId }, "annotator stopped");
process.exit(0);
