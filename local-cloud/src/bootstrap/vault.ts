import { CreateVaultCommand, type GlacierClient } from "@aws-sdk/client-glacier";
import type { Resources } from "@elastic-gas/shared/resources";

/** A vault that exists stays as it is. */
export async function ensureVault(glacier: GlacierClient, { vault }: Resources): Promise<void> {
  await glacier.send(new CreateVaultCommand({ accountId: "-", vaultName: vault }));
}
