import { join } from "node:path";
import { S3Client } from "@aws-sdk/client-s3";
import { SQSClient } from "@aws-sdk/client-sqs";
import { createPasswordVerifier } from "@elastic-gas/shared/accounts/passwords";
import { createAwsClient } from "@elastic-gas/shared/aws/clients";
import type { Config } from "@elastic-gas/shared/config";
import { connectDatabase, createDatabasePool, schemaOf } from "@elastic-gas/shared/database/connect";
import type { Logger } from "@elastic-gas/shared/logger";
import { createOutboxSender } from "@elastic-gas/shared/reliability/outbox";
import { resourcesOf } from "@elastic-gas/shared/resources";
import { readAssets } from "@elastic-gas/shared/web/assets";
import type { UserAppParts } from "./app.ts";
import { createFileFetcher, PHOTO, VCF } from "./fetching/fetch-file.ts";
import { startMaskDetector } from "./masks/detector/mask-detector.ts";
import { locateModel } from "./masks/model/mask-model.ts";
import { createDownloads } from "./web/downloads.ts";
import { createLoadMeter } from "./web/load-meter.ts";
import { createRequestCounter } from "./web/request-counter.ts";

/** Connections that a worker keeps: 8 workers stay well below the 151 that MySQL takes by default. */
const CONNECTIONS = 8;
const LIMITER_CONNECTIONS = 3;
/** Below the 55 s of a request. */
const VCF_TIMEOUT_MS = 40_000;
/** Nothing may be taken from S3 for so long while the buffers of a slow reader empty. */
const SLOW_READER_MS = 300_000;
/** Each may hold 32 MB. */
const VCFS_AT_ONCE = 4;

/**
 * Everything the app is built from, as production has it. Nothing here connects: a worker starts while MySQL or S3 is
 * down.
 */
export function createAppParts(config: Config, log: Logger): UserAppParts & { close(): Promise<void> } {
  const resources = resourcesOf(config);
  const db = connectDatabase({ url: config.DATABASE_URL, connectionLimit: CONNECTIONS });
  const pool = createDatabasePool({ url: config.DATABASE_URL, connectionLimit: LIMITER_CONNECTIONS });
  const sqs = createAwsClient(SQSClient, config);
  const detector = startMaskDetector({
    locateModel: () => locateModel(config.MASK_MODEL),
    log,
  });
  return {
    config,
    resources,
    db,
    rateLimits: { pool, schema: schemaOf(config.DATABASE_URL) },
    s3: createAwsClient(S3Client, config),
    downloads: createDownloads(createAwsClient(S3Client, config, { idleTimeoutMs: SLOW_READER_MS })),
    browserS3: createAwsClient(S3Client, config, { forBrowsers: true }),
    outbox: createOutboxSender({ db, sqs, resources, log, sweepSeconds: config.OUTBOX_SWEEP_SECONDS }),
    passwords: createPasswordVerifier(),
    log,
    assets: readAssets(join(import.meta.dirname, "../dist"), "src/browser"),
    requests: createRequestCounter(config.METRIC_PERIOD_SECONDS),
    load: createLoadMeter({ periodSeconds: config.WORKER_METRIC_SECONDS, vcpus: config.WORKER_VCPUS }),
    detector,
    fetchPhoto: createFileFetcher(PHOTO),
    fetchVcf: createFileFetcher(VCF, { timeoutMs: VCF_TIMEOUT_MS, maxConcurrent: VCFS_AT_ONCE }),
    async close() {
      await detector.close();
      await db.destroy();
      await new Promise<void>((resolve) => pool.end(() => resolve()));
    },
  };
}
