import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import type { S3Client } from "@aws-sdk/client-s3";
import type { SQSClient } from "@aws-sdk/client-sqs";
import type { Config } from "@elastic-gas/shared/config";
import type { Database } from "@elastic-gas/shared/database/connect";
import type { Logger } from "@elastic-gas/shared/logger";
import { JobRequest } from "@elastic-gas/shared/messages";
import { consume, type Handled } from "@elastic-gas/shared/reliability/consumer";
import { type Heartbeat, startHeartbeat } from "@elastic-gas/shared/reliability/heartbeat";
import { createOutboxSender } from "@elastic-gas/shared/reliability/outbox";
import { resourcesOf } from "@elastic-gas/shared/resources";
import { pause } from "@elastic-gas/shared/shutdown";
import { z } from "zod";

import { annotateNextJob } from "./annotate-job.ts";
import { EngineProcesses } from "./engine-process.ts";
import { locatePack } from "./fetch-pack.ts";

import { publishJobsRunning } from "./publish-jobs-running.ts";

/** The process itself has 25 s to stop. */
const FINISH_SECONDS = 15;
const BEAT_PAUSE_MS = 1_000;
const HAND_BACK: Handled = { kind: "later", seconds: 0 };

export interface Worker {
  readonly config: Config;
  readonly db: Database;
  readonly s3: S3Client;
  readonly sqs: SQSClient;
  readonly cloudwatch: CloudWatchClient;
  readonly instanceId: string;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/** Takes and runs jobs until the signal aborts; resolves when the job in hand has ended or was handed back. */
export async function runWorker({ config, db, s3, sqs, cloudwatch, instanceId, log, signal }: Worker): Promise<void> {
  const resources = resourcesOf(config);
  const directory = join(config.DATA_DIR, "annotator", instanceId);
  await rm(directory, { recursive: true, force: true }); // what a predecessor that was killed left behind
  const command = readCommand(config.ANNOTATION_COMMAND);
  const packDirectory = await locatePack(
    s3,
    { setting: config.ANNOTATION_PACK, directory: join(config.DATA_DIR, "packs"), signal },
    log,
  );
  using engine = new EngineProcesses(packDirectory);
  if (command === null) engine.prepare();
  const outbox = createOutboxSender({ db, sqs, resources, log, sweepSeconds: config.OUTBOX_SWEEP_SECONDS });

  let jobId: string | null = null;
  const heartbeat = startHeartbeat({
    db,
    log,
    instanceId,
    pool: "annotator",
    intervalSeconds: config.HEARTBEAT_SECONDS,
    signal,
    jobId: () => jobId,
  });
  const onJob = (current: string | null) => {
    jobId = current;
    // The next beat tells it again.
    heartbeat.beat().catch((error: unknown) => log.debug({ err: error }, "heartbeat not written"));
  };
  // A worker without a heartbeat would be taken for lost as soon as it has a job.
  await beatOnce(heartbeat, { log, signal });
  const deps = {
    db,
    s3,
    outbox,
    resources,
    log,
    config,
    engine,
    command,
    instanceId,
    directory,
    packDirectory,
    finishSeconds: FINISH_SECONDS,
    onJob,
  };
  const working = consume({
    sqs,
    queue: resources.queues.jobRequests,
    schema: JobRequest,
    log,
    signal,
    visibilityTimeoutSeconds: config.VISIBILITY_TIMEOUT_SECONDS,
    isDraining: heartbeat.isDraining,
    // A receive that was already waiting when the flag came may still bring a message: it goes to another worker.
    // The job is held by its lease: losing the message, which another worker may then see, is no reason to stop it.
    handle: async () => (heartbeat.isDraining() ? HAND_BACK : annotateNextJob(deps, signal)),
  });
  const count = () => (jobId === null ? 0 : 1);
  const metric = publishJobsRunning({
    cloudwatch,
    instanceId,
    periodSeconds: config.METRIC_PERIOD_SECONDS,
    signal,
    log,
    count,
  });
  await Promise.all([working, outbox.run(signal), heartbeat.ended, metric]);
}

async function beatOnce(
  { beat }: Heartbeat,
  { log, signal }: { readonly log: Logger; readonly signal: AbortSignal },
): Promise<void> {
  while (!signal.aborted) {
    try {
      return await beat();
    } catch (error) {
      log.warn({ err: error }, "first heartbeat not written, tried again");
      await pause(BEAT_PAUSE_MS, signal);
    }
  }
}

const Command = z.array(z.string()).min(1);

/** `["python2", "/opt/anntools/anntools.py", "{input}"]`; null without one. Throws when the text is not such a list. */
function readCommand(text: string | undefined): readonly string[] | null {
  if (text === undefined) return null;
  try {
    return Command.parse(JSON.parse(text));
  } catch (cause) {
    throw new Error(
      'ANNOTATION_COMMAND must be a JSON list of words such as ["python2", "/opt/anntools.py", "{input}"]',
      { cause },
    );
  }
}
