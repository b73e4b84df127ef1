import { createHash } from "node:crypto";
import { DescribeVaultCommand, GlacierClient } from "@aws-sdk/client-glacier";
import { type _Object, GetObjectCommand, paginateListObjectsV2, S3Client } from "@aws-sdk/client-s3";
import type { ArchiveStoreName } from "@elastic-gas/shared/database/tables";
import { resourcesOf } from "@elastic-gas/shared/resources";
import { clientOf } from "@elastic-gas/testing/system/clients";
import type { RunningSystem } from "@elastic-gas/testing/system/system";

export type StoreBucket = "inputs" | "results" | "archive";

/** What lies in the system's buckets and in its vault. */
export interface StoredFiles extends Disposable {
  /** Keys of a bucket, all or those that begin so. */
  keys(bucket: StoreBucket, prefix?: string): Promise<readonly string[]>;
  /** Of an object's content, hex. */
  sha256(bucket: StoreBucket, key: string): Promise<string>;
  /** Archives in the store of a driver, each of storage class GLACIER or in the vault. */
  countArchives(store: ArchiveStoreName): Promise<number>;
}

export async function storedFiles(system: RunningSystem): Promise<StoredFiles> {
  const s3 = await clientOf(S3Client, system);
  const glacier = await clientOf(GlacierClient, system);
  const { buckets, vault } = resourcesOf({ PREFIX: system.prefix });
  const list = async (bucket: StoreBucket, Prefix = "") => {
    const objects: _Object[] = [];
    for await (const { Contents = [] } of paginateListObjectsV2({ client: s3 }, { Bucket: buckets[bucket], Prefix }))
      objects.push(...Contents);
    return objects;
  };
  return {
    keys: async (bucket, prefix) => (await list(bucket, prefix)).map(({ Key = "" }) => Key),
    async sha256(bucket, Key) {
      const { Body } = await s3.send(new GetObjectCommand({ Bucket: buckets[bucket], Key }));
      const content = (await Body?.transformToByteArray()) ?? new Uint8Array();
      return createHash("sha256").update(content).digest("hex");
    },
    async countArchives(store) {
      if (store === "s3-glacier")
        return (await list("archive")).filter(({ StorageClass }) => StorageClass === "GLACIER").length;
      const { NumberOfArchives = 0 } = await glacier.send(
        new DescribeVaultCommand({ accountId: "-", vaultName: vault }),
      );
      return NumberOfArchives;
    },
    [Symbol.dispose]() {
      s3.destroy();
      glacier.destroy();
    },
  };
}
