import { flushCompileCache } from "node:module";
import { S3Client } from "@aws-sdk/client-s3";
import { SQSClient } from "@aws-sdk/client-sqs";
import { createAwsClient } from "@elastic-gas/shared/aws/clients";
import { awaitInstanceIdentity } from "@elastic-gas/shared/aws/instance-identity";
import { watchInterruption } from "@elastic-gas/shared/aws/watch-interruption";
import { type Config, readConfig } from "@elastic-gas/shared/config";
import { connectDatabase, type Database } from "@elastic-gas/shared/database/connect";
import { serveHealth } from "@elastic-gas/shared/health-address";
import { createLogger, type Logger } from "@elastic-gas/shared/logger";
import { MESSAGE_SCHEMAS, type MessageOf } from "@elastic-gas/shared/messages";
import { consume, type Handled } from "@elastic-gas/shared/reliability/consumer";
import { startHeartbeat } from "@elastic-gas/shared/reliability/heartbeat";
import { createOutboxSender, type OutboxSender } from "@elastic-gas/shared/reliability/outbox";
import { runSweeps, type Sweep } from "@elastic-gas/shared/reliability/sweeps";
import { type QueueKey, type Resources, resourcesOf } from "@elastic-gas/shared/resources";
import { stopOnSignals } from "@elastic-gas/shared/shutdown";
import type { z } from "zod";

/** What every lifecycle process works with. */
export interface Lifecycle {
  readonly config: Config;
  readonly resources: Resources;
  readonly db: Database;
  readonly s3: S3Client;
  readonly sqs: SQSClient;
  readonly outbox: OutboxSender;
  readonly log: Logger;
}

export interface LifecyclePart<Key extends QueueKey> {
  readonly handle: (body: MessageOf<Key>, stop: AbortSignal) => Promise<Handled>;
  /** Run beside the queue, each in one of all utility workers at a time. */
  readonly sweeps: readonly Sweep[];
}

const LONG_POLL_TIMEOUT_MS = 30_000; // above the 20 s that a receive waits

/** The whole life of one of the utility worker's processes, which serves one queue; does not return. */
export async function runLifecycle<Key extends QueueKey>(
  { name, queue }: { readonly name: string; readonly queue: Key },
  build: (lifecycle: Lifecycle) => LifecyclePart<Key>,
): Promise<never> {
  const config = readConfig(process.env);
  const log = createLogger(name, config.LOG_LEVEL);
  const { signal } = stopOnSignals(log);
  if (config.HEALTH_PORT !== undefined) await serveHealth({ port: config.HEALTH_PORT });
  const { instanceId } = await awaitInstanceIdentity(config.AWS_EC2_METADATA_SERVICE_ENDPOINT);
  const resources = resourcesOf(config);
  const db = connectDatabase({ url: config.DATABASE_URL, connectionLimit: 4 });
  const sqs = createAwsClient(SQSClient, config, { requestTimeoutMs: LONG_POLL_TIMEOUT_MS });
  const s3 = createAwsClient(S3Client, config, { requestTimeoutMs: 60_000 });
  const outbox = createOutboxSender({ db, sqs, resources, log, sweepSeconds: config.OUTBOX_SWEEP_SECONDS });
  const part = build({ config, resources, db, s3, sqs, outbox, log });
  // Each of the four tells that their worker lives: the row is the instance's.
  const heartbeat = startHeartbeat({
    db,
    log,
    instanceId,
    pool: "utility",
    intervalSeconds: config.HEARTBEAT_SECONDS,
    signal,
  });

  // For the workers that come while this one runs.
  flushCompileCache();
  log.info({ instanceId }, "started");
  await Promise.all([
    consume({
      sqs,
      queue: resources.queues[queue],
      // The table's value for a key is the schema of that key's messages, which TypeScript does not follow through a
      // generic key.
      schema: MESSAGE_SCHEMAS[queue] as unknown as z.ZodType<MessageOf<Key>>,
      log,
      signal,
      visibilityTimeoutSeconds: config.VISIBILITY_TIMEOUT_SECONDS,
      isDraining: heartbeat.isDraining,
      handle: (body, { stop }) => part.handle(body, stop),
    }),
    outbox.run(signal),
    heartbeat.ended,
    watchInterruption({ db, log, instanceId, endpoint: config.AWS_EC2_METADATA_SERVICE_ENDPOINT, signal }),
    runSweeps({ db, log, holder: instanceId, signal }, part.sweeps),
  ]);
  await db.destroy();
  log.info({ instanceId }, "stopped");
  process.exit(0);
}
