import { TreeHash } from "@elastic-gas/shared/aws/tree-hash";
import type { BlobStore } from "../storage/blob-store.ts";
import { invalidParameter, missingParameter } from "./errors.ts";

export interface StoredBody {
  readonly blob: string;
  readonly sizeBytes: number;
  readonly treeHash: string;
}

/**
 * Writes an archive or a part to a blob of its own and keeps it only when it has come whole and its tree hash is what
 * the caller says.
 */
export async function storeArchiveBody(
  blobs: BlobStore,
  body: AsyncIterable<Uint8Array> | undefined,
  { checksum, maxBytes }: { readonly checksum: string | undefined; readonly maxBytes: number },
): Promise<StoredBody> {
  if (checksum === undefined) throw missingParameter("x-amz-sha256-tree-hash");
  const writer = await blobs.startBlob();
  try {
    const tree = new TreeHash();
    let sizeBytes = 0;
    for await (const chunk of body ?? []) {
      sizeBytes += chunk.length;
      if (sizeBytes > maxBytes) throw invalidParameter(`Invalid Content-Length: more than ${maxBytes} bytes.`);
      tree.update(chunk);
      await writer.write(chunk);
    }
    if (sizeBytes === 0) throw invalidParameter("Invalid Content-Length: 0");
    const treeHash = tree.digest();
    checkTreeHash(checksum, treeHash);
    await writer.keep();
    return { blob: writer.blob, sizeBytes, treeHash };
  } catch (error) {
    await writer.discard();
    throw error;
  }
}

export function checkTreeHash(expected: string | undefined, actual: string): void {
  if (expected === undefined) throw missingParameter("x-amz-sha256-tree-hash");
  if (expected.toLowerCase() !== actual)
    throw invalidParameter(`Checksum mismatch: expected ${expected}, calculated ${actual}`);
}
