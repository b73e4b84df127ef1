import { flushCompileCache } from "node:module";
import { S3Client } from "@aws-sdk/client-s3";
import { SESv2Client } from "@aws-sdk/client-sesv2";
import { SQSClient } from "@aws-sdk/client-sqs";
import { createAwsClient } from "@elastic-gas/shared/aws/clients";
import { awaitFirstAnswers } from "@elastic-gas/shared/aws/first-answers";
import { awaitInstanceIdentity } from "@elastic-gas/shared/aws/instance-identity";
import { watchInterruption } from "@elastic-gas/shared/aws/watch-interruption";
import { readConfig } from "@elastic-gas/shared/config";
import { connectDatabase } from "@elastic-gas/shared/database/connect";
import { createLogger } from "@elastic-gas/shared/logger";
import { MESSAGE_SCHEMAS, type MessageOf } from "@elastic-gas/shared/messages";
import { consume } from "@elastic-gas/shared/reliability/consumer";
import { startHeartbeat } from "@elastic-gas/shared/reliability/heartbeat";
import { createOutboxSender } from "@elastic-gas/shared/reliability/outbox";
import { runSweeps } from "@elastic-gas/shared/reliability/sweeps";
import { type QueueKey, resourcesOf } from "@elastic-gas/shared/resources";
import { stopOnSignals } from "@elastic-gas/shared/shutdown";
import { sql } from "kysely";
import type { z } from "zod";
import { archivePart } from "./archive/part.ts";
import { notifyPart } from "./notify/part.ts";
import type { Lifecycle, LifecyclePart } from "./part.ts";
import { restorePart } from "./restore/part.ts";
import { createArchiveStores } from "./store/archive-stores.ts";
import { thawPart } from "./thaw/part.ts";

/** The utility worker: serves the queues of mails, archiving, restoring and thawing side by side. */

const LONG_POLL_TIMEOUT_MS = 30_000; // above the 20 s that a receive waits
const S3_TIMEOUT_MS = 60_000;

const config = readConfig(process.env);
const log = createLogger("utility", config.LOG_LEVEL);
const { signal } = stopOnSignals(log);
const { instanceId } = await awaitInstanceIdentity(config.AWS_EC2_METADATA_SERVICE_ENDPOINT);
const resources = resourcesOf(config);
const db = connectDatabase({ url: config.DATABASE_URL });
const sqs = createAwsClient(SQSClient, config, { requestTimeoutMs: LONG_POLL_TIMEOUT_MS });
const s3 = createAwsClient(S3Client, config, { requestTimeoutMs: S3_TIMEOUT_MS });
const outbox = createOutboxSender({ db, sqs, resources, log, sweepSeconds: config.OUTBOX_SWEEP_SECONDS });
const stores = createArchiveStores(config, resources, s3);
const ses = createAwsClient(SESv2Client, config);

// The first heartbeat says that the worker is in service: not before it can take a message.
const needs = { credentials: () => sqs.config.credentials(), database: () => sql`select 1`.execute(db) };
const isReady = await awaitFirstAnswers(needs, { log, signal });
// For the workers that come while this one runs.
flushCompileCache();
log.info({ instanceId, isReady }, "utility worker started");
const heartbeat = startHeartbeat({
  db,
  log,
  instanceId,
  pool: "utility",
  intervalSeconds: config.HEARTBEAT_SECONDS,
  signal,
});
await Promise.all([
  serve("jobResults", notifyPart),
  serve("archive", archivePart),
  serve("restore", restorePart),
  serve("thaw", thawPart),
  outbox.run(signal),
  heartbeat.ended,
  watchInterruption({ db, log, instanceId, endpoint: config.AWS_EC2_METADATA_SERVICE_ENDPOINT, signal }),
]);
await db.destroy();
log.info({ instanceId }, "utility worker stopped");
process.exit(0);

async function serve<Key extends QueueKey>(
  queue: Key,
  build: (lifecycle: Lifecycle) => LifecyclePart<Key>,
): Promise<void> {
  const own = log.child({ queue });
  const part = build({ config, resources, db, s3, sqs, ses, stores, outbox, log: own });
  await Promise.all([
    consume({
      sqs,
      queue: resources.queues[queue],
      // The table's value for a key is the schema of that key's messages, which TypeScript does not follow through a
      // generic key.
      schema: MESSAGE_SCHEMAS[queue] as unknown as z.ZodType<MessageOf<Key>>,
      log: own,
      signal,
      visibilityTimeoutSeconds: config.VISIBILITY_TIMEOUT_SECONDS,
      isDraining: heartbeat.isDraining,
      handle: (body, { stop }) => part.handle(body, stop),
    }),
    runSweeps({ db, log: own, holder: instanceId, signal }, part.sweeps),
  ]);
}
