import type { GlacierJobDescription } from "@aws-sdk/client-glacier";
import { isTreeHashAligned, TreeHash } from "@elastic-gas/shared/aws/tree-hash";
import { readByteRange } from "../storage/byte-range.ts";
import type { Call } from "../wire/handler.ts";
import {
  forgetOld,
  type GlacierContext,
  type GlacierHandlers,
  getVault,
  pageOf,
  pageSize,
  vaultArn,
} from "./context.ts";
import { invalidParameter, notFound } from "./errors.ts";
import type { ArchiveSubject, Job } from "./job-store.ts";

const MAX_JOBS_PER_PAGE = 50;

export function jobOperations(context: GlacierContext): GlacierHandlers<"DescribeJob" | "ListJobs" | "GetJobOutput"> {
  const { jobs } = context;
  const getJob = (input: Parameters<typeof getVault>[1] & { readonly jobId?: string | undefined }, call: Call) => {
    const { name } = getVault(context, input, call);
    forgetOld(context);
    const job = jobs.find(name, input.jobId ?? "");
    if (!job) throw notFound(`The job ID was not found: ${input.jobId}`);
    return job;
  };
  return {
    async DescribeJob(input, call) {
      return describeJob(getJob(input, call), call, context.now());
    },

    async ListJobs(input, call) {
      const { name } = getVault(context, input, call);
      forgetOld(context);
      const { statuscode, completed } = input;
      if (completed !== undefined && completed !== "true" && completed !== "false")
        throw invalidParameter(`Invalid value of completed: ${completed}`);
      const found = jobs
        .list(name)
        .map((job) => describeJob(job, call, context.now()))
        .filter((job) => statuscode === undefined || job.StatusCode === statuscode)
        .filter((job) => completed === undefined || String(job.Completed) === completed);
      const size = pageSize(input.limit, MAX_JOBS_PER_PAGE);
      const { page, next } = pageOf(found, ({ JobId = "" }) => JobId, { marker: input.marker, size });
      return { JobList: [...page], ...(next === undefined ? {} : { Marker: next }) };
    },

    async GetJobOutput(input, call) {
      const job = getJob(input, call);
      if (stateOf(job, context.now()) !== "Succeeded")
        throw invalidParameter(`The job is not currently available for download: ${job.id}`);
      const { subject } = job;
      const sizeBytes = subject.kind === "archive" ? subject.end - subject.start + 1 : subject.sizeBytes;
      const range = readByteRange(input.range, sizeBytes);
      if (range === "unsatisfiable") throw invalidParameter(`Invalid range: ${input.range}`);
      const { start, end } = range ?? { start: 0, end: sizeBytes - 1 };
      const common = {
        acceptRanges: "bytes",
        ...(range ? { contentRange: `bytes ${start}-${end}/${sizeBytes}`, status: 206 } : { status: 200 }),
      };
      if (subject.kind === "inventory") {
        return {
          ...common,
          contentType: subject.parameters.Format === "CSV" ? "text/csv" : "application/json",
          body: Buffer.from(jobs.outputOf(job.id)).subarray(start, end + 1),
        };
      }
      const piece = { start: subject.start + start, end: subject.start + end };
      const checksum = await treeHashOf(context, subject, piece);
      return {
        ...common,
        contentType: "application/octet-stream",
        ...(subject.archiveDescription === "" ? {} : { archiveDescription: subject.archiveDescription }),
        ...(checksum === undefined ? {} : { checksum }),
        body: context.blobs.read(subject.segments, piece.start, piece.end),
      };
    },
  };
}

function stateOf({ readyAt, failure }: Job, now: Date): "InProgress" | "Succeeded" | "Failed" {
  if (now < readyAt) return "InProgress";
  return failure === undefined ? "Succeeded" : "Failed";
}

/** https://docs.aws.amazon.com/amazonglacier/latest/dev/api-describe-job-get.html */
function describeJob(job: Job, call: Call, now: Date): GlacierJobDescription {
  const state = stateOf(job, now);
  const { subject } = job;
  return {
    JobId: job.id,
    ...(job.description === "" ? {} : { JobDescription: job.description }),
    VaultARN: vaultArn(call, job.vault),
    CreationDate: job.createdAt,
    Completed: state !== "InProgress",
    StatusCode: state,
    ...(state === "InProgress"
      ? {}
      : { CompletionDate: job.readyAt.toISOString(), StatusMessage: job.failure ?? "Succeeded" }),
    ...(subject.kind === "archive"
      ? {
          Action: "ArchiveRetrieval" as const,
          Tier: job.tier,
          ArchiveId: subject.archiveId,
          ArchiveSizeInBytes: subject.archiveBytes,
          ArchiveSHA256TreeHash: subject.archiveTreeHash,
          RetrievalByteRange: `${subject.start}-${subject.end}`,
          ...(subject.treeHash === undefined ? {} : { SHA256TreeHash: subject.treeHash }),
        }
      : {
          Action: "InventoryRetrieval" as const,
          ...(state === "Succeeded" ? { InventorySizeInBytes: subject.sizeBytes } : {}),
          InventoryRetrievalParameters: subject.parameters,
        }),
  };
}

/** Undefined when the piece is no node of the archive's tree. */
async function treeHashOf(
  { blobs }: GlacierContext,
  { segments, archiveBytes, archiveTreeHash }: ArchiveSubject,
  { start, end }: { readonly start: number; readonly end: number },
): Promise<string | undefined> {
  if (start === 0 && end === archiveBytes - 1) return archiveTreeHash;
  if (!isTreeHashAligned(start, end, archiveBytes)) return undefined;
  const tree = new TreeHash();
  for await (const chunk of blobs.read(segments, start, end)) tree.update(chunk);
  return tree.digest();
}
