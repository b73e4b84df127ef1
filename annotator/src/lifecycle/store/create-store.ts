import { GlacierClient } from "@aws-sdk/client-glacier";
import type { S3Client } from "@aws-sdk/client-s3";
import { createAwsClient } from "@elastic-gas/shared/aws/clients";
import type { Config } from "@elastic-gas/shared/config";
import type { Resources } from "@elastic-gas/shared/resources";
import type { ArchiveStore } from "./archive-store.ts";
import { createGlacierVault } from "./glacier-vault.ts";
import { createS3Glacier } from "./s3-glacier.ts";

const GLACIER_TIMEOUT_MS = 60_000;

/** The archive that the setting ARCHIVE_DRIVER names. */
export function createArchiveStore(config: Config, resources: Resources, s3: S3Client): ArchiveStore {
  switch (config.ARCHIVE_DRIVER) {
    case "glacier-vault":
      return createGlacierVault(
        createAwsClient(GlacierClient, config, { requestTimeoutMs: GLACIER_TIMEOUT_MS }),
        resources.vault,
      );
    case "s3-glacier":
      return createS3Glacier(s3, resources.buckets.archive, resources.prefix);
  }
}
