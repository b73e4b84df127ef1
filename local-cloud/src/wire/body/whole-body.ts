import type { IncomingMessage } from "node:http";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { Fault } from "../handler.ts";

export interface WholeBody {
  /** As sent: what the signature covers. */
  readonly bytes: Buffer;
  /** The caller compressed it (CloudWatch's client does above 10 kB). */
  readonly isPacked: boolean;
  inflate(): Promise<Buffer>;
}

const MAX_BYTES = 64 * 1024 * 1024; // the largest whole body is a raw e-mail of 40 MB in base64
const EMPTY = Buffer.alloc(0);
const unpack = promisify(gunzip);

export async function readWholeBody(request: IncomingMessage): Promise<WholeBody> {
  const bytes = await readBytes(request);
  const isPacked = request.headers["content-encoding"] === "gzip";
  return { bytes, isPacked, inflate: () => inflate(bytes) };
}

function readBytes(request: IncomingMessage): Promise<Buffer> {
  const { "content-length": length, "transfer-encoding": encoding } = request.headers;
  if (encoding === undefined && (length === undefined || length === "0")) return Promise.resolve(EMPTY);
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size > MAX_BYTES) {
        chunks.length = 0;
        reject(new Fault("RequestEntityTooLarge", `The request body is larger than ${MAX_BYTES} bytes.`, 413));
      } else {
        chunks.push(chunk);
      }
    });
    request.once("end", () => {
      const [first = EMPTY] = chunks;
      resolve(chunks.length > 1 ? Buffer.concat(chunks, size) : first);
    });
    const close = (): void => {
      if (!request.readableEnded) reject(new Error("The caller hung up before the request was complete."));
    };
    request.once("error", reject);
    request.once("close", close);
    if (request.destroyed) close();
  });
}

async function inflate(bytes: Buffer): Promise<Buffer> {
  try {
    return await unpack(bytes, { maxOutputLength: MAX_BYTES });
  } catch {
    throw new Fault("InvalidRequest", "The request body is not valid gzip, or it unpacks to too much.");
  }
}
