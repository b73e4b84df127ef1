import { createHash } from "node:crypto";
import type { BlobStore } from "../storage/blob-store.ts";
import { newSmallBlob, SMALL_BLOB_BYTES } from "../storage/small-blobs.ts";
import { type ChecksumAlgorithm, createChecksum } from "../wire/body/checksum.ts";
import { badDigest, checksumMismatch, IncomingBody, type NamedChecksum } from "../wire/body/incoming-body.ts";
import { Fault } from "../wire/handler.ts";

export interface StoredBody {
  readonly blob: string;
  /** The bytes themselves when they are few: they are to be inserted with the row that names the blob. */
  readonly bytes: Buffer | undefined;
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
  /** Few bytes are kept in memory for the caller to insert. */
  readonly maySmall?: boolean;
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
  blobs.checkRoom();
  const small = demands.maySmall ? new SmallBody() : undefined;
  let writer = small ? undefined : await blobs.startBlob();
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
      if (!writer && small?.take(chunk)) continue;
      writer ??= await blobs.startBlob();
      for (const earlier of small?.giveAway() ?? []) await writer.write(earlier);
      await writer.write(chunk);
    }
    const digest = md5.digest();
    if (demands.contentMd5 !== undefined && digest.toString("base64") !== demands.contentMd5) throw badDigest();
    const announced = body instanceof IncomingBody ? body.checksum : undefined;
    demands.checkAnnounced?.(announced);
    const computed = own && algorithm ? { algorithm, value: own.digest() } : undefined;
    if (computed && demands.expectedChecksum && computed.value !== demands.expectedChecksum.value)
      throw checksumMismatch(computed.algorithm);
    await writer?.keep();
    const blob = writer?.blob ?? newSmallBlob();
    const bytes = writer ? undefined : Buffer.concat(small?.giveAway() ?? []);
    return { blob, bytes, sizeBytes, md5: digest, checksum: announced ?? computed };
  } catch (error) {
    await writer?.discard();
    throw error;
  }
}

/** The beginning of a body, as long as it may become a small blob. */
class SmallBody {
  #chunks: Buffer[] = [];
  #sizeBytes = 0;

  /** False when it is too large for a small one. */
  take(chunk: Buffer): boolean {
    if (this.#sizeBytes + chunk.length > SMALL_BLOB_BYTES) return false;
    this.#sizeBytes += chunk.length;
    this.#chunks.push(chunk);
    return true;
  }

  giveAway(): readonly Buffer[] {
    const chunks = this.#chunks;
    this.#chunks = [];
    return chunks;
  }
}
