import { flushCompileCache } from "node:module";
import { CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import { deleteExpiredSessions } from "@elastic-gas/shared/accounts/sessions";
import { createAwsClient } from "@elastic-gas/shared/aws/clients";
import { awaitFirstAnswers } from "@elastic-gas/shared/aws/first-answers";
import { awaitInstanceIdentity } from "@elastic-gas/shared/aws/instance-identity";
import { watchInterruption } from "@elastic-gas/shared/aws/watch-interruption";
import { readConfig } from "@elastic-gas/shared/config";
import { createLogger } from "@elastic-gas/shared/logger";
import { writeBeat } from "@elastic-gas/shared/reliability/heartbeat";
import { aborted, runLoop, stopOnSignals } from "@elastic-gas/shared/shutdown";
import { serve } from "@elastic-gas/shared/web/serve";
import { sql } from "kysely";
import { sweepInputs } from "./annotations/delete-inputs.ts";
import { sweepUploads } from "./annotations/sweep-uploads.ts";
import { createUserApp } from "./app.ts";
import { createAppParts } from "./app-parts.ts";
import { sweepLeftovers } from "./masks/photos.ts";
import { createModelReporter } from "./masks/report-missing-model.ts";
import { gateUntilReady } from "./web/gate-until-ready.ts";
import { writeLoadPoints } from "./web/load-meter.ts";
import { publishRequestCounts } from "./web/request-counter.ts";
import { LONGEST_UPLOAD_MS } from "./web/time-limit.ts";

/** A period's end is noticed within this time. */
const LOAD_LOOK_MS = 500;
const SESSION_SWEEP_MS = 600_000;
const PHOTO_SWEEP_MS = 3_600_000;
const UPLOAD_SWEEP_MS = 3_600_000;

const config = readConfig(process.env);
const log = createLogger("user-app", config.LOG_LEVEL);
const { signal } = stopOnSignals(log);
const metadataEndpoint = config.AWS_EC2_METADATA_SERVICE_ENDPOINT;
const isInstance = config.CLOUD === "aws" || metadataEndpoint !== undefined;
const identity = isInstance ? await awaitInstanceIdentity(metadataEndpoint) : undefined;
// Other workers may run on the same machine: each listens on its own address only.
const host = identity?.localIpv4 ?? "127.0.0.1";
const instanceId = identity?.instanceId ?? `local-${process.pid}`;

const parts = createAppParts(config, log);
const { app, settled } = createUserApp(parts);
const gate = gateUntilReady(app);
const listening = await serve(gate.listener, { host, port: config.WORKER_PORT, requestMs: LONGEST_UPLOAD_MS });
const ready = awaitFirstAnswers(
  {
    // Settles also without a model: then the worker serves all else.
    model: () => parts.detector.settled(),
    credentials: () => parts.s3.config.credentials(),
    database: () => sql`select 1`.execute(parts.db),
  },
  { log, signal },
).then((isReady) => {
  if (!isReady) return;
  // For the workers that come while this one runs.
  flushCompileCache();
  gate.open();
  log.info({ instanceId }, "user-app is ready");
});
log.info({ host, port: listening.port, instanceId }, "user-app serves");

const cloudwatch = createAwsClient(CloudWatchClient, config);
const periodSeconds = config.METRIC_PERIOD_SECONDS;
const publish = async (all: boolean) => {
  const counts = parts.requests.take(new Date(), all);
  try {
    await publishRequestCounts(cloudwatch, counts, { instanceId, periodSeconds });
  } catch (error) {
    parts.requests.giveBack(counts);
    throw error;
  }
};
const loop = (name: string, intervalMs: number, work: () => Promise<void>) =>
  runLoop({ name, intervalMs, signal, log }, work);
const intervalSeconds = config.HEARTBEAT_SECONDS;
const reportModel = createModelReporter({ db: parts.db, detector: parts.detector, instanceId });
const loops = [
  // By the pages' own connections: a worker whose pages get none is found by its missing heartbeats.
  loop("heartbeat", intervalSeconds * 1_000, async () => {
    await writeBeat(parts.db, { instanceId, pool: "web", intervalSeconds, jobId: null });
    await reportModel();
  }),
  loop("load points", LOAD_LOOK_MS, async () => {
    if (parts.load.close()) await writeLoadPoints(parts.db, instanceId, parts.load.points());
  }),
  loop("request count", Math.min(5_000, periodSeconds * 1_000), () => publish(false)),
  loop("session sweep", SESSION_SWEEP_MS, () => deleteExpiredSessions(parts.db, "sessions")),
  loop("photo sweep", PHOTO_SWEEP_MS, async () => {
    const photos = { s3: parts.s3, bucket: parts.resources.buckets.images, prefix: parts.resources.prefix };
    const deleted = await sweepLeftovers({ db: parts.db, photos }, new Date());
    if (deleted > 0) log.info({ deleted }, "photo objects without a row deleted");
  }),
  loop("upload sweep", UPLOAD_SWEEP_MS, async () => {
    const deleted = await sweepUploads(parts, new Date());
    if (deleted > 0) log.info({ deleted }, "uploads that were never submitted deleted");
  }),
  loop("input sweep", UPLOAD_SWEEP_MS, async () => {
    const deleted = await sweepInputs(parts, { retentionDays: config.INPUT_RETENTION_DAYS, now: new Date() });
    if (deleted > 0) log.info({ deleted }, "inputs deleted at the end of their retention");
  }),
  parts.outbox.run(signal),
  ...(isInstance ? [watchInterruption({ db: parts.db, log, instanceId, endpoint: metadataEndpoint, signal })] : []),
];

await aborted(signal);
await ready;
await listening.close();
await settled();
await publish(true).catch((error: unknown) => log.warn({ err: error }, "last request count not published"));
await Promise.all(loops);
await parts.close();
process.exit(0);
