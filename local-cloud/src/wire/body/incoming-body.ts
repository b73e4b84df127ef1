import { createHash, type Hash } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { Transform, type TransformCallback } from "node:stream";
import { Fault } from "../handler.ts";
import { AwsChunkedDecoder, type ChunkVerifier } from "./aws-chunked.ts";
import {
  CHECKSUM_ALGORITHMS,
  type Checksum,
  type ChecksumAlgorithm,
  checksumHeader,
  createChecksum,
  isChecksumAlgorithm,
} from "./checksum.ts";

export interface NamedChecksum {
  readonly algorithm: ChecksumAlgorithm;
  /** Base64. */
  readonly value: string;
}

export interface IncomingBodyOptions {
  readonly headers: IncomingHttpHeaders;
  /** Checks signed chunks; only for bodies whose chunks are signed. */
  readonly verifier: ChunkVerifier | undefined;
}

const SHA256_HEX = /^[\da-f]{64}$/;

/**
 * The content of a request that streams: `aws-chunked` is undone, and length, payload hash and checksum are checked by
 * the end of it, so a
 * reader must not trust the content before the stream has ended without an error.
 */
export class IncomingBody extends Transform {
  readonly #decoder: AwsChunkedDecoder | undefined;
  readonly #payloadHash: Hash | undefined;
  readonly #expectedHash: string;
  readonly #expectedLength: number | undefined;
  readonly #headers: IncomingHttpHeaders;
  readonly #algorithm: ChecksumAlgorithm | undefined;
  readonly #checksum: Checksum | undefined;
  #length = 0;
  #verified: NamedChecksum | undefined;

  constructor({ headers, verifier }: IncomingBodyOptions) {
    super({ highWaterMark: 256 * 1024 });
    const contentHash = String(headers["x-amz-content-sha256"] ?? "");
    this.#headers = headers;
    this.#decoder = contentHash.startsWith("STREAMING-") ? new AwsChunkedDecoder(verifier) : undefined;
    this.#expectedHash = contentHash;
    this.#payloadHash = SHA256_HEX.test(contentHash) ? createHash("sha256") : undefined;
    const length = this.#decoder ? headers["x-amz-decoded-content-length"] : headers["content-length"];
    this.#expectedLength = length === undefined ? undefined : Number(length);
    this.#algorithm = checksumAlgorithmOf(headers);
    this.#checksum = this.#algorithm === undefined ? undefined : createChecksum(this.#algorithm);
  }

  /** The checksum that was announced and found right; undefined until the end, and when none was announced. */
  get checksum(): NamedChecksum | undefined {
    return this.#verified;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    try {
      if (this.#decoder) this.#decoder.write(chunk, (data) => this.#take(data));
      else this.#take(chunk);
      done();
    } catch (error) {
      done(error instanceof Error ? error : new Error(String(error)));
    }
  }

  override _flush(done: TransformCallback): void {
    try {
      this.#verify();
      done();
    } catch (error) {
      done(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #take(data: Buffer): void {
    this.#length += data.length;
    if (this.#expectedLength !== undefined && this.#length > this.#expectedLength) throw incomplete();
    this.#payloadHash?.update(data);
    this.#checksum?.update(data);
    this.push(data);
  }

  #verify(): void {
    if (this.#decoder && !this.#decoder.isDone) throw incomplete();
    if (this.#expectedLength !== undefined && this.#length !== this.#expectedLength) throw incomplete();
    if (this.#payloadHash && this.#payloadHash.digest("hex") !== this.#expectedHash) throw hashMismatch();
    if (this.#algorithm === undefined || !this.#checksum) return;
    const name = checksumHeader(this.#algorithm);
    const expected = this.#headers[name] ?? this.#decoder?.trailers.get(name);
    const value = this.#checksum.digest();
    if (expected === undefined) throw malformedTrailer();
    if (expected !== value) throw checksumMismatch(this.#algorithm);
    this.#verified = { algorithm: this.#algorithm, value };
  }
}

/** Checks the checksum headers of a body that is in memory. */
export function verifyBufferedBody(headers: IncomingHttpHeaders, body: Buffer, hasChecksum: boolean): void {
  const md5 = headers["content-md5"];
  if (md5 !== undefined && createHash("md5").update(body).digest("base64") !== md5) throw badDigest();
  if (!hasChecksum) return;
  const algorithm = checksumAlgorithmOf(headers);
  const expected = algorithm === undefined ? undefined : headers[checksumHeader(algorithm)];
  if (algorithm === undefined || expected === undefined) return; // no body that is whole has a trailer
  const checksum = createChecksum(algorithm);
  checksum.update(body);
  if (checksum.digest() !== expected) throw checksumMismatch(algorithm);
}

export function badDigest(): Fault {
  return new Fault("BadDigest", "The Content-MD5 you specified did not match what we received.");
}

export function hashMismatch(): Fault {
  return new Fault(
    "XAmzContentSHA256Mismatch",
    "The provided 'x-amz-content-sha256' header does not match what was computed.",
  );
}

function checksumAlgorithmOf(headers: IncomingHttpHeaders): ChecksumAlgorithm | undefined {
  // A checksum that nobody checks must not be accepted.
  const unknown = Object.keys(headers).find((name) => /^x-amz-checksum-(sha512|md5|xxhash)/.test(name));
  if (unknown !== undefined) throw new Fault("NotImplemented", `The header ${unknown} is not implemented.`, 501);
  const trailer = String(headers["x-amz-trailer"] ?? "").toLowerCase();
  const announced = CHECKSUM_ALGORITHMS.find(
    (name) => headers[checksumHeader(name)] !== undefined || trailer.includes(checksumHeader(name)),
  );
  if (announced) return announced;
  const asked = String(headers["x-amz-sdk-checksum-algorithm"] ?? "").toUpperCase();
  if (asked !== "" && !isChecksumAlgorithm(asked))
    throw new Fault("NotImplemented", `The checksum algorithm ${asked} is not implemented.`, 501);
  if (asked === "") return undefined;
  throw new Fault(
    "InvalidRequest",
    "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were found.",
  );
}

export function checksumMismatch(algorithm: ChecksumAlgorithm): Fault {
  return new Fault("BadDigest", `The ${algorithm} you specified did not match the calculated checksum.`);
}

function malformedTrailer(): Fault {
  const message =
    "The request contained trailing data that was not well-formed or did not conform to our published schema.";
  return new Fault("MalformedTrailerError", message);
}

function incomplete(): Fault {
  return new Fault(
    "IncompleteBody",
    "You did not provide the number of bytes specified by the Content-Length HTTP header.",
  );
}
