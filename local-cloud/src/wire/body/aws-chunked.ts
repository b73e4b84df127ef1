import { createHash, hash, type KeyObject } from "node:crypto";
import type { V4Signature } from "../auth/signature.ts";
import { isSameSignature, signString, stringToSign } from "../auth/sigv4.ts";
import { Fault } from "../handler.ts";

/** Checks the chain of chunk signatures that starts with the request's own. */
export interface ChunkVerifier {
  add(data: Uint8Array): void;
  endChunk(signature: string | undefined): void;
  endTrailer(canonicalTrailer: string, signature: string | undefined): void;
}

const MAX_LINE_BYTES = 16 * 1024;
const EMPTY_HASH = hash("sha256", "");

/**
 * Decodes `aws-chunked`: `<hex size>[;chunk-signature=<hex>]\r\n<data>\r\n ... 0\r\n[<name>:<value>\r\n ...]\r\n`.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html
 */
export class AwsChunkedDecoder {
  readonly trailers = new Map<string, string>();
  #state: "size" | "data" | "data end" | "trailer" | "done" = "size";
  #line = "";
  #remaining = 0;
  #signature: string | undefined;
  #signedTrailer = "";
  readonly #verifier: ChunkVerifier | undefined;

  constructor(verifier: ChunkVerifier | undefined) {
    this.#verifier = verifier;
  }

  get isDone(): boolean {
    return this.#state === "done";
  }

  /** Gives each piece of decoded data to `onData`. Throws a fault on a malformed body or a wrong chunk signature. */
  write(chunk: Buffer, onData: (data: Buffer) => void): void {
    let position = 0;
    while (position < chunk.length && this.#state !== "done") {
      if (this.#state === "data") {
        const end = Math.min(chunk.length, position + this.#remaining);
        const data = chunk.subarray(position, end);
        this.#remaining -= data.length;
        position = end;
        this.#verifier?.add(data);
        onData(data);
        if (this.#remaining === 0) this.#state = "data end";
        continue;
      }
      const newline = chunk.indexOf(0x0a, position);
      this.#line += chunk.toString("latin1", position, newline < 0 ? chunk.length : newline);
      if (this.#line.length > MAX_LINE_BYTES) throw malformed();
      if (newline < 0) return;
      position = newline + 1;
      const line = this.#line.replace(/\r$/, "");
      this.#line = "";
      this.#endLine(line);
    }
  }

  #endLine(line: string): void {
    if (this.#state === "data end") {
      if (line !== "") throw malformed();
      this.#verifier?.endChunk(this.#signature);
      this.#state = "size";
    } else if (this.#state === "size") {
      this.#startChunk(line);
    } else if (line === "") {
      this.#verifier?.endTrailer(this.#signedTrailer, this.trailers.get("x-amz-trailer-signature"));
      this.#state = "done";
    } else {
      const colon = line.indexOf(":");
      if (colon < 1) throw malformed();
      const name = line.slice(0, colon).trim().toLowerCase();
      const value = line.slice(colon + 1).trim();
      this.trailers.set(name, value);
      if (name !== "x-amz-trailer-signature") this.#signedTrailer += `${name}:${value}\n`;
    }
  }

  #startChunk(line: string): void {
    const [, size = "", signature] = /^([\da-fA-F]{1,12})(?:;chunk-signature=([\da-f]{64}))?$/.exec(line) ?? [];
    if (size === "") throw malformed();
    this.#signature = signature;
    this.#remaining = Number.parseInt(size, 16);
    if (this.#remaining > 0) {
      this.#state = "data";
      return;
    }
    this.#verifier?.endChunk(signature);
    this.#state = "trailer";
  }
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html#sigv4-chunked-body-definition */
export function chunkVerifier(seed: V4Signature, key: KeyObject): ChunkVerifier {
  let previous = seed.signature;
  let running = createHash("sha256");
  const check = (expected: string, given: string | undefined) => {
    if (given === undefined || !isSameSignature(expected, given)) {
      throw new Fault("SignatureDoesNotMatch", "The signature of a chunk of the body does not match.", 403);
    }
    previous = given;
  };
  return {
    add: (data) => void running.update(data),
    endChunk: (signature) => {
      const text = `${previous}\n${EMPTY_HASH}\n${running.digest("hex")}`;
      running = createHash("sha256");
      check(signString(stringToSign(seed, "AWS4-HMAC-SHA256-PAYLOAD", text), key), signature);
    },
    endTrailer: (canonicalTrailer, signature) => {
      if (canonicalTrailer === "") return;
      const text = `${previous}\n${hash("sha256", canonicalTrailer)}`;
      check(signString(stringToSign(seed, "AWS4-HMAC-SHA256-TRAILER", text), key), signature);
    },
  };
}

function malformed(): Fault {
  return new Fault("IncompleteBody", "The request body is not a well-formed aws-chunked body.");
}
