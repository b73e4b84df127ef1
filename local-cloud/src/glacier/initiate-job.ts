import type { JobParameters } from "@aws-sdk/client-glacier";
import { isTreeHashAligned, LEAF_BYTES } from "@elastic-gas/shared/aws/tree-hash";
import type { Call } from "../wire/handler.ts";
import {
  checkDescription,
  forgetOld,
  type GlacierContext,
  type GlacierHandlers,
  getVault,
  pageSize,
  vaultArn,
  vaultPath,
} from "./context.ts";
import { insufficientCapacity, invalidParameter, missingParameter, notFound } from "./errors.ts";
import { inventoryDocument, selectForInventory } from "./inventory.ts";
import type { ArchiveSubject, InventorySubject, Job } from "./job-store.ts";
import { newId } from "./new-id.ts";
import type { Archive } from "./vault-store.ts";

export function initiateJobOperation(context: GlacierContext): GlacierHandlers<"InitiateJob"> {
  return {
    async InitiateJob(input, call) {
      const { name } = getVault(context, input, call);
      forgetOld(context);
      const parameters = input.jobParameters ?? {};
      if (parameters.SNSTopic !== undefined)
        throw invalidParameter("Invalid SNS topic ARN: there is no SNS here; ask with DescribeJob.");
      const tier = readTier(parameters.Tier);
      const subject = readSubject(context, parameters, { name, call });
      const now = context.now();
      const { retrievalSeconds, expeditedCapacity } = context.settings();
      // An inventory has no tier of its own and uses no expedited capacity.
      const isExpedited = subject.job.kind === "archive" && tier === "Expedited";
      if (isExpedited && context.jobs.countExpedited(now) >= expeditedCapacity) throw insufficientCapacity();
      const seconds = retrievalSeconds[subject.job.kind === "archive" ? tier : "Standard"];
      const job: Job = {
        id: newId(69), // as long as AWS's: 92 characters
        vault: name,
        description: checkDescription(parameters.Description),
        tier: isExpedited || subject.job.kind === "archive" ? tier : "Standard",
        createdAt: now.toISOString(),
        readyAt: new Date(now.getTime() + seconds * 1_000),
        subject: subject.job,
        ...(context.takeFailure() ? { failure: "The retrieval failed." } : {}),
      };
      context.jobs.add(job, subject.output);
      return { jobId: job.id, location: `${vaultPath(call, name)}/jobs/${job.id}` };
    },
  };
}

interface Subject {
  readonly job: ArchiveSubject | InventorySubject;
  /** An inventory shows the vault as it was when it was asked for. */
  readonly output: string;
}

function readSubject(
  { vaults, now }: GlacierContext,
  parameters: JobParameters,
  { name, call }: { readonly name: string; readonly call: Call },
): Subject {
  switch (parameters.Type) {
    case "archive-retrieval": {
      if (parameters.ArchiveId === undefined) throw missingParameter("ArchiveId");
      const archive = vaults.findArchive(name, parameters.ArchiveId);
      if (!archive) throw notFound(`The archive ID was not found: ${parameters.ArchiveId}`);
      return { job: archiveSubject(archive, parameters.RetrievalByteRange), output: "" };
    }
    case "inventory-retrieval": {
      const job = inventorySubject(parameters);
      const output = inventoryDocument(selectForInventory(vaults.listArchives(name), job.parameters), {
        format: job.parameters.Format,
        vaultArn: vaultArn(call, name),
        inventoryDate: now().toISOString(),
      });
      return { job: { ...job, sizeBytes: Buffer.byteLength(output) }, output };
    }
    case undefined:
      throw missingParameter("Type");
    default:
      throw invalidParameter(`Invalid job type: ${parameters.Type}`);
  }
}

function archiveSubject(archive: Archive, byteRange: string | undefined): ArchiveSubject {
  const { id, description, sizeBytes, treeHash, segments } = archive;
  const [, first = "0", last = String(sizeBytes - 1)] = /^(\d+)-(\d+)$/.exec(byteRange ?? "") ?? [];
  const [start, end] = [Number(first), Number(last)];
  const isValid =
    byteRange === undefined ||
    (/^\d+-\d+$/.test(byteRange) &&
      start % LEAF_BYTES === 0 &&
      start <= end &&
      end < sizeBytes &&
      ((end + 1) % LEAF_BYTES === 0 || end === sizeBytes - 1));
  if (!isValid)
    throw invalidParameter(`Invalid byte range: ${byteRange}. It must begin and end at a megabyte of the archive.`);
  const isWhole = start === 0 && end === sizeBytes - 1;
  return {
    kind: "archive",
    archiveId: id,
    archiveDescription: description,
    archiveBytes: sizeBytes,
    archiveTreeHash: treeHash,
    segments,
    start,
    end,
    ...(isWhole && isTreeHashAligned(start, end, sizeBytes) ? { treeHash } : {}),
  };
}

function inventorySubject({
  Format = "JSON",
  InventoryRetrievalParameters: asked = {},
}: JobParameters): InventorySubject {
  if (Format !== "JSON" && Format !== "CSV") throw invalidParameter(`Invalid output format: ${Format}`);
  const { StartDate, EndDate, Limit, Marker } = asked;
  for (const date of [StartDate, EndDate]) {
    if (date !== undefined && Number.isNaN(Date.parse(date))) throw invalidParameter(`Invalid date: ${date}`);
  }
  if (Limit !== undefined) pageSize(Number(Limit), Number.MAX_SAFE_INTEGER);
  return { kind: "inventory", parameters: { Format, StartDate, EndDate, Limit, Marker }, sizeBytes: 0 };
}

function readTier(tier = "Standard"): Job["tier"] {
  if (tier === "Expedited" || tier === "Standard" || tier === "Bulk") return tier;
  throw invalidParameter(`Invalid tier: ${tier}. It must be Expedited, Standard or Bulk.`);
}
