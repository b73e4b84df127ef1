import { createHash, type Hash } from "node:crypto";
import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
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

const SHA256_HEX = /^[\da-f]{64}$/;
const MOST_WAITING_BYTES = 256 * 1024;

/**
 * The content of a request that streams: `aws-chunked` is undone, and length, payload hash and checksum are checked by
 * the end of it, so a reader must not trust the content before its last piece has come without an error. Not a stream
 * of Node's: that and a pipe to it cost more than all the checks of a small body.
 */
export class IncomingBody implements AsyncIterable<Buffer> {
  readonly #request: IncomingMessage;
  readonly #decoder: AwsChunkedDecoder | undefined;
  readonly #payloadHash: Hash | undefined;
  readonly #expectedHash: string;
  readonly #expectedLength: number | undefined;
  readonly #headers: IncomingHttpHeaders;
  readonly #algorithm: ChecksumAlgorithm | undefined;
  readonly #checksum: Checksum | undefined;
  #length = 0;
  #verified: NamedChecksum | undefined;
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #isWhole = false;
  #failure: Error | undefined;
  #wake: () => void = () => undefined;

  /** `verifier` checks signed chunks; only for bodies whose chunks are signed. */
  constructor(request: IncomingMessage, verifier: ChunkVerifier | undefined) {
    const { headers } = request;
    const contentHash = String(headers["x-amz-content-sha256"] ?? "");
    this.#request = request;
    this.#headers = headers;
    this.#decoder = contentHash.startsWith("STREAMING-") ? new AwsChunkedDecoder(verifier) : undefined;
    this.#expectedHash = contentHash;
    this.#payloadHash = SHA256_HEX.test(contentHash) ? createHash("sha256") : undefined;
    const length = this.#decoder ? headers["x-amz-decoded-content-length"] : headers["content-length"];
    this.#expectedLength = length === undefined ? undefined : Number(length);
    this.#algorithm = checksumAlgorithmOf(headers);
    this.#checksum = this.#algorithm === undefined ? undefined : createChecksum(this.#algorithm);
    request.on("data", this.#add);
    request.once("end", this.#end);
    request.once("close", this.#close);
    if (request.destroyed) this.#close();
  }

  /** The checksum that was announced and found right; undefined until the end, and when none was announced. */
  get checksum(): NamedChecksum | undefined {
    return this.#verified;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    for (;;) {
      if (this.#failure) throw this.#failure;
      const pieces = this.#waiting;
      this.#waiting = [];
      this.#waitingBytes = 0;
      for (const piece of pieces) yield piece;
      if (this.#waiting.length > 0) continue;
      if (this.#isWhole) break;
      if (this.#request.isPaused()) this.#request.resume();
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    this.#verify();
  }

  /** Nobody reads on: what is still to come may be thrown away. */
  stop(): void {
    this.#request.off("data", this.#add);
  }

  readonly #add = (chunk: Buffer): void => {
    try {
      if (this.#decoder) this.#decoder.write(chunk, (data) => this.#take(data));
      else this.#take(chunk);
    } catch (error) {
      this.#fail(error instanceof Error ? error : new Error(String(error)));
    }
    if (this.#waitingBytes >= MOST_WAITING_BYTES) this.#request.pause();
    this.#wake();
  };

  readonly #end = (): void => {
    this.#isWhole = true;
    this.#wake();
  };

  readonly #close = (): void => {
    if (!this.#isWhole) this.#fail(new Error("The caller hung up before the request was complete."));
  };

  #fail(failure: Error): void {
    this.stop();
    this.#failure = failure;
    this.#wake();
  }

  #take(data: Buffer): void {
    this.#length += data.length;
    if (this.#expectedLength !== undefined && this.#length > this.#expectedLength) throw incomplete();
    this.#payloadHash?.update(data);
    this.#checksum?.update(data);
    this.#waiting.push(data);
    this.#waitingBytes += data.length;
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
