import { flushCompileCache } from "node:module";
import { CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import { S3Client } from "@aws-sdk/client-s3";
import { SQSClient } from "@aws-sdk/client-sqs";
import { createAwsClient } from "@elastic-gas/shared/aws/clients";
import { awaitFirstAnswers } from "@elastic-gas/shared/aws/first-answers";
import { awaitInstanceIdentity } from "@elastic-gas/shared/aws/instance-identity";
import { watchInterruption } from "@elastic-gas/shared/aws/watch-interruption";
import { readConfig } from "@elastic-gas/shared/config";
import { connectDatabase } from "@elastic-gas/shared/database/connect";
import { createLogger } from "@elastic-gas/shared/logger";
import { stopOnSignals } from "@elastic-gas/shared/shutdown";
import { sql } from "kysely";
import { handBackBefore } from "./jobs/hand-back-before.ts";
import { runWorker } from "./jobs/worker.ts";

const LONG_POLL_TIMEOUT_MS = 30_000; // above the 20 s that a receive waits
/** Before EC2 takes the instance back, the job in hand goes to another worker: 15 s to finish it, and some to spare. */
const HAND_BACK_MS = 45_000;

const config = readConfig(process.env);
const log = createLogger("annotator", config.LOG_LEVEL);
const { signal } = stopOnSignals(log);
const { instanceId } = await awaitInstanceIdentity(config.AWS_EC2_METADATA_SERVICE_ENDPOINT);
const db = connectDatabase({ url: config.DATABASE_URL });

const sqs = createAwsClient(SQSClient, config, { requestTimeoutMs: LONG_POLL_TIMEOUT_MS });

// The first heartbeat says that the worker is in service: not before it can take a job.
const needs = { credentials: () => sqs.config.credentials(), database: () => sql`select 1`.execute(db) };
const isReady = await awaitFirstAnswers(needs, { log, signal });
// For the workers that come while this one runs.
flushCompileCache();
log.info({ instanceId, isReady }, "annotator started");
const handBack = handBackBefore({ log, leadMs: HAND_BACK_MS });
const until = AbortSignal.any([signal, handBack.signal]);
await Promise.all([
  runWorker({
    config,
    db,
    s3: createAwsClient(S3Client, config, { requestTimeoutMs: 60_000 }),
    sqs,
    cloudwatch: createAwsClient(CloudWatchClient, config),
    instanceId,
    log,
    signal: until,
  }),
  watchInterruption({
    db,
    log,
    instanceId,
    endpoint: config.AWS_EC2_METADATA_SERVICE_ENDPOINT,
    signal: until,
    onChange: handBack.onChange,
  }),
]);
handBack.cancel();
await db.destroy();
log.info({ instanceId }, "annotator stopped");
process.exit(0);
