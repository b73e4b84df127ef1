import { createHash } from "node:crypto";
import type { BlobStore } from "../storage/blob-store.ts";
import { type ChecksumAlgorithm, createChecksum } from "../wire/body/checksum.ts";
import { badDigest, checksumMismatch, IncomingBody, type NamedChecksum } from "../wire/body/incoming-body.ts";
import { Fault } from "../wire/handler.ts";

export interface StoredBody {
  readonly blob: string;
  readonly sizeBytes: number;
  readonly md5: Buffer;
  readonly checksum: NamedChecksum | undefined;
}

export interface BodyDemands {
  /** Base64 of the Content-MD5 header. */
  readonly contentMd5?: string | undefined;
  /** Computed while writing when the caller did not send one. */
  readonly algorithm?: ChecksumAlgorithm | undefined;
  /** Throws when the checksum that the caller sent along, or that none came, is not what it should be. */
  readonly checkAnnounced?: (announced: NamedChecksum | undefined) => void;
  /** For bodies that do not check their own. */
  readonly expectedChecksum?: NamedChecksum | undefined;
}

const MAX_BYTES = 5 * 1024 ** 3; // one PUT or part. https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html

/** Writes a body to a blob of its own and keeps it only when all of it has come and every digest fits. */
export async function storeBody(
  blobs: BlobStore,
  body: AsyncIterable<Uint8Array> | undefined,
  demands: BodyDemands = {},
): Promise<StoredBody> {
  const writer = await blobs.startBlob();
  try {
    const md5 = createHash("md5");
    const algorithm = demands.expectedChecksum?.algorithm ?? demands.algorithm;
    const own = algorithm === undefined ? undefined : createChecksum(algorithm);
    let sizeBytes = 0;
    for await (const piece of body ?? []) {
      const chunk: Buffer = Buffer.isBuffer(piece) ? piece : Buffer.from(piece);
      sizeBytes += chunk.length;
      if (sizeBytes > MAX_BYTES)
        throw new Fault("EntityTooLarge", "Your proposed upload exceeds the maximum allowed size");
      md5.update(chunk);
      own?.update(chunk);
      await writer.write(chunk);
    }
    const digest = md5.digest();
    if (demands.contentMd5 !== undefined && digest.toString("base64") !== demands.contentMd5) throw badDigest();
    const announced = body instanceof IncomingBody ? body.checksum : undefined;
    demands.checkAnnounced?.(announced);
    const computed = own && algorithm ? { algorithm, value: own.digest() } : undefined;
    if (computed && demands.expectedChecksum && computed.value !== demands.expectedChecksum.value)
      throw checksumMismatch(computed.algorithm);
    await writer.keep();
    return { blob: writer.blob, sizeBytes, md5: digest, checksum: announced ?? computed };
  } catch (error) {
    await writer.discard();
    throw error;
  }
}
