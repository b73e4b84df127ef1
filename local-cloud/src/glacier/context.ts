import type { DatabaseSync } from "node:sqlite";
import type * as Glacier from "@aws-sdk/client-glacier";
import type { Logger } from "@elastic-gas/shared/logger";
import type { BlobStore } from "../storage/blob-store.ts";
import { inTransaction } from "../storage/transaction.ts";
import { type Call, Fault, type HandlersOf, type OperationName } from "../wire/handler.ts";
import { invalidParameter, notFound } from "./errors.ts";
import { blobsOf, type JobStore } from "./job-store.ts";
import type { GlacierSettings } from "./settings.ts";
import type { UploadStore } from "./upload-store.ts";
import type { Vault, VaultStore } from "./vault-store.ts";

/** What the operations of Glacier share. */
export interface GlacierContext {
  readonly db: DatabaseSync;
  readonly vaults: VaultStore;
  readonly jobs: JobStore;
  readonly uploads: UploadStore;
  readonly blobs: BlobStore;
  readonly settings: () => GlacierSettings;
  /** True when the retrieval that begins now is one of those that are to fail. */
  readonly takeFailure: () => boolean;
  readonly log: Logger;
  readonly now: () => Date;
}

export type GlacierHandlers<Name extends OperationName<typeof Glacier>> = HandlersOf<typeof Glacier, Name>;

const DAY_MS = 86_400_000; // a job's output stays that long after it was ready, an upload after it began

export function checkAccount(accountId: string | undefined, call: Call): void {
  if (accountId !== "-" && accountId !== call.accountId)
    throw new Fault("AccessDeniedException", `The account ${accountId} is not the account of the credentials.`, 403);
}

export function getVault(
  { vaults }: GlacierContext,
  input: { readonly accountId?: string | undefined; readonly vaultName?: string | undefined },
  call: Call,
): Vault {
  checkAccount(input.accountId, call);
  const name = input.vaultName ?? "";
  const vault = vaults.findVault(name);
  if (!vault) throw notFound(`Vault not found for ARN: ${vaultArn(call, name)}`);
  return vault;
}

export function vaultArn({ region, accountId }: Call, name: string): string {
  return `arn:aws:glacier:${region}:${accountId}:vaults/${name}`;
}

export function vaultPath({ accountId }: Call, name: string): string {
  return `/${accountId}/vaults/${name}`;
}

/**
 * https://docs.aws.amazon.com/amazonglacier/latest/dev/api-archive-post.html: up to 1,024 printable ASCII characters.
 */
export function checkDescription(description: string | undefined): string {
  if (!/^[\x20-\x7e]{0,1024}$/.test(description ?? ""))
    throw invalidParameter("Invalid description: use at most 1024 printable ASCII characters.");
  return description ?? "";
}

/** The size of a page of a list, which callers may lower. */
export function pageSize(limit: number | undefined, max: number): number {
  if (limit === undefined) return max;
  if (!Number.isInteger(limit) || limit < 1 || limit > max)
    throw invalidParameter(`Invalid limit: ${limit}. It must be between 1 and ${max}.`);
  return limit;
}

/** One page of a list, and the id at which the next begins. */
export function pageOf<Item>(
  items: readonly Item[],
  idOf: (item: Item) => string,
  { marker, size }: { readonly marker: string | undefined; readonly size: number },
): { readonly page: readonly Item[]; readonly next: string | undefined } {
  const first = marker === undefined ? 0 : items.findIndex((item) => idOf(item) === marker);
  if (first < 0) throw invalidParameter(`Invalid marker: ${marker}`);
  const next = items[first + size];
  return { page: items.slice(first, first + size), next: next === undefined ? undefined : idOf(next) };
}

/** Forgets jobs and uploads that are older than AWS keeps them, and their bytes. */
export function forgetOld(context: GlacierContext): void {
  const limit = new Date(context.now().getTime() - DAY_MS);
  const uploads = context.uploads.listCreatedBefore(limit.toISOString());
  const parts = uploads.flatMap(({ id }) => context.uploads.listParts(id).map(({ blob }) => blob));
  const jobs = inTransaction(context.db, () => {
    for (const { id } of uploads) context.uploads.delete(id);
    return context.jobs.deleteReadyBefore(limit);
  });
  const orphans = jobs.filter(
    ({ vault, subject }) => subject.kind === "archive" && !context.vaults.findArchive(vault, subject.archiveId),
  );
  removeUnretrieved(context, [...parts, ...orphans.flatMap(blobsOf)]);
}

/** Removes those blobs that are not the output of a retrieval: it can be read after its archive is gone. */
export function removeUnretrieved({ jobs, blobs }: GlacierContext, candidates: readonly string[]): void {
  if (candidates.length === 0) return;
  const inUse = new Set(jobs.listBlobs());
  blobs.remove(candidates.filter((blob) => !inUse.has(blob)));
}
