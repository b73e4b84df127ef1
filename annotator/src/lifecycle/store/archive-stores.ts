import { GlacierClient } from "@aws-sdk/client-glacier";
import type { S3Client } from "@aws-sdk/client-s3";
import { createAwsClient } from "@elastic-gas/shared/aws/clients";
import type { Config } from "@elastic-gas/shared/config";
import type { ArchiveStoreName } from "@elastic-gas/shared/database/tables";
import type { Resources } from "@elastic-gas/shared/resources";
import type { ArchiveStore } from "./archive-store.ts";
import { createGlacierVault } from "./glacier-vault.ts";
import { createS3Glacier } from "./s3-glacier.ts";

const GLACIER_TIMEOUT_MS = 60_000;

/** Every store that may hold archives: a job's row names its own, so that a change of the setting strands nothing. */
export interface ArchiveStores {
  /** Takes what is archived from now on: the setting ARCHIVE_DRIVER. */
  readonly current: ArchiveStoreName;
  readonly byName: Readonly<Record<ArchiveStoreName, ArchiveStore>>;
}

export function createArchiveStores(config: Config, resources: Resources, s3: S3Client): ArchiveStores {
  const glacier = createAwsClient(GlacierClient, config, { requestTimeoutMs: GLACIER_TIMEOUT_MS });
  return {
    current: config.ARCHIVE_DRIVER,
    byName: {
      "glacier-vault": createGlacierVault(glacier, resources.vault),
      "s3-glacier": createS3Glacier(s3, resources.buckets.archive, resources.prefix),
    },
  };
}
