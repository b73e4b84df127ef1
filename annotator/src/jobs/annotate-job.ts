import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { S3Client } from "@aws-sdk/client-s3";
import type { Config } from "@elastic-gas/shared/config";
import type { Database } from "@elastic-gas/shared/database/connect";
import type { Logger } from "@elastic-gas/shared/logger";
import { DONE, type Handled } from "@elastic-gas/shared/reliability/consumer";
import {
  claimNextJob,
  finishClaim,
  GONE_AFTER_BEATS,
  type JobClaim,
  type JobResultColumns,
  releaseClaim,
} from "@elastic-gas/shared/reliability/leased-claim";
import { type OutboxSender, putMessage } from "@elastic-gas/shared/reliability/outbox";
import { jobKey, type Resources } from "@elastic-gas/shared/resources";
import type { EngineRequest } from "../engine/protocol.ts";
import { AnnotationFailure, FAILURES } from "../vcf/failure.ts";
import type { EngineProcesses } from "./engine-process.ts";
import { localName, outputNames } from "./file-names.ts";
import { handBack } from "./hand-back.ts";
import { ClaimLost, keepClaim, type Lease } from "./keep-claim.ts";
import { describeFile, download, remove, upload } from "./objects.ts";
import { findJob, type Job, jobExists, lockRole } from "./queries.ts";
import { type EngineLimits, type EngineOutcome, runCommand } from "./run-command.ts";
import { type PlanLimits, textLimit } from "./text-limit.ts";

export interface WorkerDeps {
  readonly db: Database;
  readonly s3: S3Client;
  readonly outbox: OutboxSender;
  readonly resources: Resources;
  readonly log: Logger;
  readonly config: Pick<
    Config,
    "JOB_LEASE_SECONDS" | "HEARTBEAT_SECONDS" | "JOB_TIMEOUT_SECONDS" | "FREE_RETENTION_SECONDS" | keyof PlanLimits
  >;
  readonly engine: Pick<EngineProcesses, "run">;
  /** argv of another annotator; null for the built-in engine. */
  readonly command: readonly string[] | null;
  readonly instanceId: string;
  /** Folder of this worker alone. */
  readonly directory: string;
  /** Of the annotation pack; null for the one that comes with the program. */
  readonly packDirectory: string | null;
  /** A worker that is told to stop gives a running job this long to end. */
  readonly finishSeconds: number;
  readonly onJob: (jobId: string | null) => void;
}

/** An engine that crashes may have met a passing trouble of this machine: another attempt decides. */
const ENGINE_ATTEMPTS = 2;

/**
 * Claims and runs the job that is to run next; the message said only that one waits. Safe to run twice and to be killed
 * anywhere: the claim decides who works, objects are written under the same keys by every attempt, and status and
 * follow-up messages are one transaction that only the current attempt can commit.
 */
export async function annotateNextJob(deps: WorkerDeps, stop: AbortSignal): Promise<Handled> {
  const { db, config, instanceId, log } = deps;
  const claim = await claimNextJob(db, {
    owner: instanceId,
    leaseSeconds: config.JOB_LEASE_SECONDS,
    goneAfterSeconds: config.HEARTBEAT_SECONDS * GONE_AFTER_BEATS,
  });
  if (claim === undefined) return DONE;
  deps.onJob(claim.jobId);
  try {
    await workOn(deps, claim, stop);
    return DONE;
  } catch (error) {
    if (error instanceof ClaimLost) {
      log.info({ jobId: claim.jobId, attempt: claim.attempt }, "job was cancelled, deleted or taken over");
      return DONE;
    }
    if (!stop.aborted) return await handBack({ db, log }, claim, error);
    await releaseClaim(db, claim);
    throw error;
  } finally {
    deps.onJob(null);
  }
}

async function workOn(deps: WorkerDeps, claim: JobClaim, stop: AbortSignal): Promise<void> {
  const log = deps.log.child({ jobId: claim.jobId, attempt: claim.attempt });
  const job = await findJob(deps.db, claim.jobId);
  if (job === undefined) return;
  const directory = join(deps.directory, `${claim.jobId}.${claim.attempt}`);
  await mkdir(directory, { recursive: true });
  await using lease = keepClaim({ ...deps, leaseSeconds: deps.config.JOB_LEASE_SECONDS }, claim, stop);
  try {
    log.info({ fileName: job.inputName }, "job started");
    const result = await annotateFile(deps, { job, directory, claim, lease, stop });
    if (result === null) return;
    await finish(deps, { job, claim, result });
    log.info({ status: result.status, failure: result.failure ?? undefined }, "job finished");
  } catch (error) {
    // Whatever was under way then says only that it was aborted.
    throw lease.lost.aborted ? lease.lost.reason : error;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** The columns of the job's end; null when another attempt has it by now. */
async function annotateFile(
  deps: WorkerDeps,
  {
    job,
    directory,
    claim,
    lease,
    stop,
  }: { job: Job; directory: string; claim: JobClaim; lease: Lease; stop: AbortSignal },
): Promise<JobResultColumns | null> {
  const { s3, resources, config } = deps;
  const inputPath = join(directory, localName(job.inputName));
  const outputPath = join(directory, "result.vcf");
  const logPath = join(directory, "count.log");
  const signal = lease.lost;
  try {
    await download(
      s3,
      { bucket: resources.buckets.inputs, key: job.inputKey },
      { etag: job.inputEtag, path: inputPath, signal },
    );
  } catch (error) {
    if (error instanceof AnnotationFailure) return failed(error.message, "");
    throw error;
  }
  let said = "";
  const outcome = await runConfigured(
    deps,
    {
      kind: "annotate",
      inputPath,
      outputPath,
      logPath,
      workDirectory: directory,
      fileName: job.inputName,
      packDirectory: deps.packDirectory,
      build: job.build,
      textLimit: textLimit(job.role, config),
    },
    {
      timeoutSeconds: config.JOB_TIMEOUT_SECONDS,
      signal,
      onProgress: (progress) => {
        said = progress.log;
        lease.progress(progress);
      },
    },
  );
  switch (outcome.kind) {
    case "failed":
      return failed(outcome.sentence, outcome.log ?? said);
    case "stopped":
      throw signal.reason;
    case "crashed":
      // A machine that ends asks all processes to end, also what an engine has started: that says nothing of the file.
      if (stop.aborted) throw new Error("The annotation engine ended with its machine");
      deps.log.error({ jobId: job.id, attempt: claim.attempt, detail: outcome.detail }, "annotation engine crashed");
      if (claim.failures + 1 < ENGINE_ATTEMPTS) throw new Error(`The annotation engine crashed on job ${job.id}`);
      return failed(FAILURES.engine, said);
    case "done":
      break;
  }
  const { sizeBytes, sha256 } = await describeFile(outputPath);
  const names = outputNames(job.inputName);
  const key = (name: string) => jobKey(resources.prefix, job.userId, job.id, name);
  const [resultKey, logKey] = [key(names.result), key(names.log)];
  // Also writes the log so far, which a job keeps that is given up because nothing can be stored.
  if (!(await lease.isHeld())) return null;
  const bucket = resources.buckets.results;
  const uploads = await Promise.allSettled([
    upload(s3, { bucket, key: logKey }, { path: logPath, signal }),
    upload(s3, { bucket, key: resultKey }, { path: outputPath, signal }),
  ]);
  if (signal.reason instanceof ClaimLost) {
    await removeOrphans(deps, job, { resultKey, logKey });
    return null;
  }
  for (const each of uploads) if (each.status === "rejected") throw each.reason;
  return {
    status: "COMPLETED",
    completedAt: new Date(),
    failure: null,
    resultKey,
    logKey,
    resultSize: sizeBytes,
    resultSha256: sha256,
    summary: outcome.summary === null ? null : JSON.stringify(outcome.summary),
  };
}

function runConfigured(deps: WorkerDeps, request: EngineRequest, limits: EngineLimits): Promise<EngineOutcome> {
  return deps.command === null ? deps.engine.run(request, limits) : runCommand(deps.command, request, limits);
}

function failed(sentence: string, log: string): JobResultColumns {
  return { status: "FAILED", completedAt: new Date(), failure: sentence, log };
}

/** The end of the job and the messages that tell of it, together or not at all. */
async function finish(
  deps: WorkerDeps,
  { job, claim, result }: { job: Job; claim: JobClaim; result: JobResultColumns },
): Promise<void> {
  const { db, config, outbox } = deps;
  const isOurs = await db.transaction().execute(async (trx) => {
    const role = await lockRole(trx, job.userId);
    if (!(await finishClaim(trx, claim, result))) return false;
    await putMessage(trx, "jobResults", { version: 1, jobId: job.id, userId: job.userId, outcome: result.status });
    if (result.status === "COMPLETED" && role === "free_user") {
      const dueAt = new Date(result.completedAt.getTime() + config.FREE_RETENTION_SECONDS * 1_000).toISOString();
      await putMessage(
        trx,
        "archive",
        { version: 1, jobId: job.id, userId: job.userId, dueAt },
        config.FREE_RETENTION_SECONDS,
      );
    }
    return true;
  });
  if (isOurs) await outbox.flush();
  else await removeOrphans(deps, job, result);
}

/**
 * A job that was deleted while it ran must leave nothing behind; one that was taken over has its objects under the same
 * keys.
 */
async function removeOrphans(
  { db, s3, resources, log }: WorkerDeps,
  job: Job,
  { resultKey, logKey }: Pick<JobResultColumns, "resultKey" | "logKey">,
): Promise<void> {
  log.warn({ jobId: job.id }, "job was deleted or taken over, nothing recorded");
  if (await jobExists(db, job.id)) return;
  for (const key of [resultKey, logKey]) {
    if (typeof key === "string") await remove(s3, { bucket: resources.buckets.results, key });
  }
}
