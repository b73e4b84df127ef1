import { randomBytes } from "node:crypto";
import { GetObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { GetQueueAttributesCommand, GetQueueUrlCommand, SQSClient } from "@aws-sdk/client-sqs";
import { readOwnFiles } from "@elastic-gas/loadgen/files";
import type { Outcome } from "@elastic-gas/loadgen/outcome";
import { runLoad } from "@elastic-gas/loadgen/run-load";
import { register, upload } from "@elastic-gas/loadgen/upload";
import { resourcesOf } from "@elastic-gas/shared/resources";
import { clientOf } from "@elastic-gas/testing/system/clients";
import { cpuMillisecondsOf } from "../local-cloud/process-usage.ts";
import { partPid } from "./instance-processes.ts";
import { type Request, runClients } from "./load.ts";
import { CREDIT_SECONDS, isOne, loadPages, readDecisions } from "./load-step.ts";
import type { Proof, ProofContext } from "./proof.ts";
import { isSettled, type ProofSystem, policySettings, startProofSystem } from "./proof-system.ts";
import { recordPool } from "./recorder.ts";
import { type BusyPhase, type UploadPhase, uploadFindings } from "./uploads-report.ts";

const ACCOUNT = { username: "course", password: "course password" };
const TIMEOUT_MS = 60_000;
const MOST_OPEN = 2_000;
/** Enough that none of the workers ever waits for the next photo. */
const BUSY_CLIENTS_PER_WORKER = 6;
const PROBE_BYTES = 16 * 1_024;
const GROW_SECONDS = 300;

interface Durations {
  readonly periodSeconds: number;
  /** At 1 a second, at 5 a second, and with every worker busy. */
  readonly slowSeconds: number;
  readonly fastSeconds: number;
  readonly busySeconds: number;
}

const FULL: Durations = { periodSeconds: 60, slowSeconds: 300, fastSeconds: 480, busySeconds: 180 };
const QUICK: Durations = { periodSeconds: 5, slowSeconds: 30, fastSeconds: 90, busySeconds: 30 };

export const uploads: Proof = {
  name: "uploads",
  title: "Uploads as the course's load generator sends them succeed, or are refused at once until the pool has grown",
  statement:
    "Every sample picture in turn to /api/upload, in an open loop: at 1 a second, from one worker on, all succeed; at 5 a second an upload is taken, or refused with a time to come back within a second, until the pool has grown, and after that all are taken. Then the pool has its maximum of workers and all are busy: pages, S3 and SQS of the machine's own cloud still answer.",
  async run(context) {
    const durations = context.quick ? QUICK : FULL;
    await using proof = await startProofSystem(context);
    await register(new URL("/api/register", proof.system.userAppUrl), ACCOUNT, AbortSignal.timeout(TIMEOUT_MS));
    await proof.wait("one worker in service", () => isOne(proof.manager), GROW_SECONDS);
    context.say(`waiting ${CREDIT_SECONDS} s, until the worker has no launch credit left`);
    await proof.sleep(CREDIT_SECONDS);
    const recorder = recordPool(proof.manager, "web", {
      everyMs: context.quick ? 1_000 : 2_000,
      periodSeconds: durations.periodSeconds,
    });
    try {
      const startedAt = Date.now();
      const slow = await sendUploads(proof, context, { perSecond: 1, seconds: durations.slowSeconds });
      const fast = await sendUploads(proof, context, { perSecond: 5, seconds: durations.fastSeconds });
      const busy = await saturate(proof, context, durations.busySeconds);
      const endedAt = Date.now();
      const recording = await recorder.stop();
      const settings = [
        ...(await policySettings(proof.manager, "web")),
        ...proof.settings,
        { label: "pictures", value: "all samples, one after the other" },
      ];
      return uploadFindings(
        { startedAt, endedAt, slow, fast, busy, recording, ...(await readDecisions(proof)) },
        settings,
      );
    } finally {
      await recorder.stop();
    }
  },
};

/** The course's generator: an open loop, a connection for each upload, the file before the name and the password. */
async function sendUploads(
  { system }: ProofSystem,
  { say }: ProofContext,
  { perSecond, seconds }: { readonly perSecond: number; readonly seconds: number },
): Promise<UploadPhase> {
  const files = await readOwnFiles("photos");
  const url = new URL("/api/upload", system.userAppUrl);
  const startedAt = Date.now();
  // An outcome's instant is monotonic; the epoch's is wanted.
  const timing = { startedAt: performance.now(), timeoutMs: TIMEOUT_MS, signal: new AbortController().signal };
  const outcomes: Outcome[] = [];
  say(`${perSecond} uploads a second for ${seconds} s`);
  const { sent, notSent } = await runLoad({
    times: Array.from({ length: perSecond * seconds }, (_, index) => index / perSecond),
    send: (index) => upload(url, ACCOUNT, files[index % files.length] ?? files[0], timing),
    maxOpen: MOST_OPEN,
    signal: timing.signal,
    onOutcome: (outcome) => void outcomes.push(outcome),
  });
  say(`${outcomes.filter(({ succeeded }) => succeeded).length} of ${sent} succeeded`);
  return { perSecond, startedAt, endedAt: Date.now(), sent, notSent, outcomes };
}

/** The maximum of workers, each with more photos than it can take, and what else the cloud does meanwhile. */
async function saturate(proof: ProofSystem, { say }: ProofContext, seconds: number): Promise<BusyPhase> {
  const { system, manager, sleep, wait } = proof;
  const { max, desired } = await manager.pool("web");
  if (desired < max) await manager.resize("web", "grow", max);
  await wait(
    `${max} workers in service`,
    async () => {
      const pool = await manager.pool("web");
      return pool.desired === max && isSettled(pool);
    },
    GROW_SECONDS,
  );
  say(`${max} workers, all busy for ${seconds} s`);
  const files = await readOwnFiles("photos");
  const url = new URL("/api/upload", system.userAppUrl);
  const requests: Request[] = [];
  const seen = (request: Request) => void requests.push(request);
  const outcomes: Outcome[] = [];
  const startedAt = Date.now();
  const stop = new AbortController();
  const timing = { startedAt: performance.now(), timeoutMs: TIMEOUT_MS, signal: new AbortController().signal };
  let next = 0;
  const clients = max * BUSY_CLIENTS_PER_WORKER;
  const photos = runClients({
    ...{ kind: "photo", clients, cycleMs: 0, signal: stop.signal, seen: () => undefined },
    async call() {
      const outcome = await upload(url, ACCOUNT, files[next++ % files.length] ?? files[0], timing);
      outcomes.push(outcome);
      // A refusal says when to come back; a client that asks again at once would only ask.
      if (!outcome.succeeded) await sleep(1);
      return "ok";
    },
  });
  const pages = loadPages(proof, seen);
  await using probes = await probeStores(proof, seen);
  const pid = partPid(system.dataDir, "local-cloud");
  const cpuBefore = cpuMillisecondsOf(pid);
  await sleep(seconds);
  const endedAt = Date.now();
  const cloudCpu = (cpuMillisecondsOf(pid) - cpuBefore) / (endedAt - startedAt);
  const { counts } = await manager.pool("web");
  stop.abort();
  await Promise.all([photos, pages.stop(), probes.stop()]);
  return { startedAt, endedAt, workers: max, inService: counts.inService, outcomes, requests, clients, cloudCpu };
}

/** One write and read of an object, and one question to a queue, each second. */
async function probeStores({ system }: ProofSystem, seen: (request: Request) => void) {
  const s3 = await clientOf(S3Client, system);
  const sqs = await clientOf(SQSClient, system);
  const { buckets, queues } = resourcesOf({ PREFIX: system.prefix });
  const object = { Bucket: buckets.results, Key: "probe/object" };
  const body = randomBytes(PROBE_BYTES);
  const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: queues.jobRequests.name }));
  const stop = new AbortController();
  const options = { clients: 1, cycleMs: 1_000, signal: stop.signal, seen };
  const running = [
    runClients({
      ...options,
      kind: "S3",
      async call() {
        await s3.send(new PutObjectCommand({ ...object, Body: body }));
        const { Body } = await s3.send(new GetObjectCommand(object));
        const read = await Body?.transformToByteArray();
        return read !== undefined && body.equals(read) ? "ok" : "another object came back";
      },
    }),
    runClients({
      ...options,
      kind: "SQS",
      async call() {
        await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["ApproximateNumberOfMessages"] }));
        return "ok";
      },
    }),
  ];
  return {
    async stop() {
      stop.abort();
      await Promise.all(running);
    },
    async [Symbol.asyncDispose]() {
      await this.stop();
      s3.destroy();
      sqs.destroy();
    },
  };
}
