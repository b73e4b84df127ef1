import { inTransaction } from "../storage/transaction.ts";
import type { Call } from "../wire/handler.ts";
import {
  checkAccount,
  type GlacierContext,
  type GlacierHandlers,
  getVault,
  pageSize,
  vaultArn,
  vaultPath,
} from "./context.ts";
import { invalidParameter } from "./errors.ts";
import type { Vault } from "./vault-store.ts";

const MAX_VAULTS_PER_PAGE = 10;

export function vaultOperations(
  context: GlacierContext,
): GlacierHandlers<"CreateVault" | "DescribeVault" | "ListVaults" | "DeleteVault"> {
  const { vaults, uploads, jobs, db } = context;
  return {
    async CreateVault(input, call) {
      checkAccount(input.accountId, call);
      const name = input.vaultName ?? "";
      if (!/^[\w.-]{1,255}$/.test(name))
        throw invalidParameter(`Invalid vault name: ${name}. Use 1 to 255 letters, digits, "_", "-" and ".".`);
      vaults.createVault(name, context.now().toISOString());
      return { location: vaultPath(call, name) };
    },

    async DescribeVault(input, call) {
      return describe(getVault(context, input, call), call);
    },

    async ListVaults(input, call) {
      checkAccount(input.accountId, call);
      const size = pageSize(input.limit, MAX_VAULTS_PER_PAGE);
      // The marker is the ARN of the page's first vault.
      const from = input.marker === undefined ? "" : input.marker.slice(input.marker.lastIndexOf("/") + 1);
      const found = vaults.listVaults(from, size + 1);
      const next = found[size];
      return {
        VaultList: found.slice(0, size).map((vault) => describe(vault, call)),
        ...(next ? { Marker: vaultArn(call, next.name) } : {}),
      };
    },

    async DeleteVault(input, call) {
      checkAccount(input.accountId, call);
      const vault = vaults.findVault(input.vaultName ?? "");
      if (!vault) return {}; // idempotent
      if (vault.archiveCount > 0)
        throw invalidParameter(`Vault not empty or recently written to: ${vaultArn(call, vault.name)}`);
      const begun = uploads.list(vault.name);
      const blobs = [
        ...begun.flatMap(({ id }) => uploads.listParts(id).map(({ blob }) => blob)),
        ...jobs
          .list(vault.name)
          .flatMap(({ subject }) => (subject.kind === "archive" ? subject.segments : []))
          .map(({ blob }) => blob),
      ];
      inTransaction(db, () => {
        for (const { id } of begun) uploads.delete(id);
        jobs.deleteOfVault(vault.name);
        vaults.deleteVault(vault.name);
      });
      context.blobs.remove(blobs);
      return {};
    },
  };
}

/** Counts are those of now; AWS's are as old as its last inventory, up to a day. */
function describe({ name, createdAt, changedAt, archiveCount, sizeBytes }: Vault, call: Call) {
  return {
    VaultARN: vaultArn(call, name),
    VaultName: name,
    CreationDate: createdAt,
    ...(changedAt === null ? {} : { LastInventoryDate: changedAt }),
    NumberOfArchives: archiveCount,
    SizeInBytes: sizeBytes,
  };
}
