import { type FileHandle, open } from "node:fs/promises";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  DeleteArchiveCommand,
  DescribeJobCommand,
  GetJobOutputCommand,
  type GlacierClient,
  InitiateJobCommand,
  InitiateMultipartUploadCommand,
  InsufficientCapacityException,
  ListJobsCommand,
  ResourceNotFoundException,
  UploadArchiveCommand,
  UploadMultipartPartCommand,
} from "@aws-sdk/client-glacier";
import { TreeHash } from "@elastic-gas/shared/aws/tree-hash";
import { z } from "zod";
import type { ArchiveInput, ArchiveStore, StoredArchive, Tier } from "./archive-store.ts";

/** A power of two MiB, as Glacier wants it; up to 10,000 parts make 160 GB. */
const PART_BYTES = 16 * 2 ** 20;
const ACCOUNT = "-"; // the account of the credentials

const Description = z.object({ jobId: z.string() });
/** https://docs.aws.amazon.com/amazonglacier/latest/dev/api-job-output-get.html, "Inventory" */
const Inventory = z.object({
  ArchiveList: z.array(
    z.object({ ArchiveId: z.string(), ArchiveDescription: z.string().default(""), CreationDate: z.coerce.date() }),
  ),
});

/** Results in a Glacier vault. The archive's description carries the job's id. */
export function createGlacierVault(glacier: GlacierClient, vaultName: string): ArchiveStore {
  const vault = { accountId: ACCOUNT, vaultName };
  return {
    async put(input, signal) {
      await using file = await open(input.path, "r");
      const { archiveId, treeHash, checksum } =
        input.sizeBytes <= PART_BYTES ? await putWhole(file, input, signal) : await putParts(file, input, signal);
      if (archiveId === undefined || checksum !== treeHash) {
        if (archiveId !== undefined) await remove(archiveId);
        throw new Error(`The vault's copy of job ${input.jobId} has checksum ${checksum}, the file ${treeHash}`);
      }
      return archiveId;
    },
    async retrieve(archiveId, jobId) {
      const ask = async (tier: Tier) => {
        const { jobId: retrievalId } = await glacier.send(
          new InitiateJobCommand({
            ...vault,
            jobParameters: { Type: "archive-retrieval", ArchiveId: archiveId, Description: jobId, Tier: tier },
          }),
        );
        if (retrievalId === undefined) throw new Error(`Glacier gave no id for the retrieval of archive ${archiveId}`);
        return { retrievalId, tier };
      };
      try {
        return await ask("Expedited");
      } catch (error) {
        if (error instanceof InsufficientCapacityException) return ask("Standard");
        throw error;
      }
    },
    async retrievalState(_archiveId, retrievalId) {
      try {
        const { StatusCode } = await glacier.send(new DescribeJobCommand({ ...vault, jobId: retrievalId }));
        if (StatusCode === "InProgress") return "in progress";
        return StatusCode === "Succeeded" ? "ready" : "failed";
      } catch (error) {
        // A job's output, and the job with it, is gone 24 hours after it was ready.
        if (error instanceof ResourceNotFoundException) return "failed";
        throw error;
      }
    },
    async open(archiveId, retrievalId, signal) {
      const { body } = await glacier.send(new GetJobOutputCommand({ ...vault, jobId: retrievalId }), {
        abortSignal: signal,
      });
      if (!(body instanceof Readable)) throw new Error(`Glacier gave no content for archive ${archiveId}`);
      return body;
    },
    remove,
    async inventory() {
      const { JobList = [] } = await glacier.send(new ListJobsCommand(vault));
      const inventories = JobList.filter((job) => job.Action === "InventoryRetrieval");
      const ready = inventories
        .filter((job) => job.StatusCode === "Succeeded")
        .sort((a, b) => (a.CompletionDate ?? "").localeCompare(b.CompletionDate ?? ""));
      const newest = ready.at(-1)?.JobId;
      if (newest !== undefined) return readInventory(newest);
      if (!inventories.some((job) => job.StatusCode === "InProgress")) {
        await glacier.send(
          new InitiateJobCommand({ ...vault, jobParameters: { Type: "inventory-retrieval", Format: "JSON" } }),
        );
      }
      return null;
    },
  };

  async function remove(archiveId: string): Promise<void> {
    try {
      await glacier.send(new DeleteArchiveCommand({ ...vault, archiveId }));
    } catch (error) {
      if (!(error instanceof ResourceNotFoundException)) throw error;
    }
  }

  async function* readInventory(jobId: string): AsyncGenerator<StoredArchive> {
    const { body } = await glacier.send(new GetJobOutputCommand({ ...vault, jobId }));
    if (!(body instanceof Readable)) throw new Error("Glacier gave no content for the vault's inventory");
    const { ArchiveList } = Inventory.parse(JSON.parse(await text(body)));
    for (const { ArchiveId, ArchiveDescription, CreationDate } of ArchiveList) {
      yield { archiveId: ArchiveId, jobId: describedJob(ArchiveDescription), createdAt: CreationDate };
    }
  }

  async function putWhole(file: FileHandle, input: ArchiveInput, signal: AbortSignal) {
    const body = await readPart(file, 0, input.sizeBytes);
    const treeHash = new TreeHash().update(body).digest();
    const { archiveId, checksum } = await glacier.send(
      new UploadArchiveCommand({ ...vault, archiveDescription: describe(input), checksum: treeHash, body }),
      { abortSignal: signal },
    );
    return { archiveId, checksum, treeHash };
  }

  async function putParts(file: FileHandle, input: ArchiveInput, signal: AbortSignal) {
    const { uploadId } = await glacier.send(
      new InitiateMultipartUploadCommand({
        ...vault,
        archiveDescription: describe(input),
        partSize: String(PART_BYTES),
      }),
    );
    const whole = new TreeHash();
    try {
      for (let start = 0; start < input.sizeBytes; start += PART_BYTES) {
        const body = await readPart(file, start, Math.min(PART_BYTES, input.sizeBytes - start));
        whole.update(body);
        await glacier.send(
          new UploadMultipartPartCommand({
            ...vault,
            uploadId,
            range: `bytes ${start}-${start + body.length - 1}/*`,
            checksum: new TreeHash().update(body).digest(),
            body,
          }),
          { abortSignal: signal },
        );
      }
      const treeHash = whole.digest();
      const { archiveId, checksum } = await glacier.send(
        new CompleteMultipartUploadCommand({
          ...vault,
          uploadId,
          archiveSize: String(input.sizeBytes),
          checksum: treeHash,
        }),
        { abortSignal: signal },
      );
      return { archiveId, checksum, treeHash };
    } catch (error) {
      // Parts that nobody completes end by themselves after 24 hours; the first error is the one to tell.
      await glacier.send(new AbortMultipartUploadCommand({ ...vault, uploadId })).catch(() => undefined);
      throw error;
    }
  }
}

function describe({ jobId, userId }: ArchiveInput): string {
  return JSON.stringify({ jobId, userId });
}

function describedJob(description: string): string | undefined {
  try {
    return Description.safeParse(JSON.parse(description)).data?.jobId;
  } catch {
    return undefined; // not ours
  }
}

async function readPart(file: FileHandle, start: number, length: number): Promise<Buffer> {
  const part = Buffer.alloc(length);
  const { bytesRead } = await file.read(part, 0, length, start);
  if (bytesRead !== length) throw new Error(`Expected ${length} bytes at ${start}, read ${bytesRead}`);
  return part;
}
