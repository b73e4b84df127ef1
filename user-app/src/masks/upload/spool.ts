import { randomUUID } from "node:crypto";
import { open, unlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { HttpError } from "@elastic-gas/shared/web/errors";

/** Bytes on disk that nobody else can open, and that are gone with `close()` or with the process, however it ends. */
export interface Spool {
  readonly sizeBytes: number;
  write(chunk: Uint8Array): Promise<void>;
  read(): Promise<Uint8Array<ArrayBuffer>>;
  close(): Promise<void>;
}

/** Throws HttpError 507, also from `write`, when the disk is full. */
export async function openSpool(folder = tmpdir()): Promise<Spool> {
  const path = join(folder, `gas-upload-${randomUUID()}`);
  const file = await open(path, "wx+", 0o600).catch(orNoRoom);
  await unlink(path);
  let sizeBytes = 0;
  return {
    get sizeBytes() {
      return sizeBytes;
    },
    async write(chunk) {
      await file.write(chunk, 0, chunk.byteLength, sizeBytes).catch(orNoRoom);
      sizeBytes += chunk.byteLength;
    },
    async read() {
      const bytes = new Uint8Array(sizeBytes);
      let done = 0;
      while (done < sizeBytes) {
        const { bytesRead } = await file.read(bytes, done, sizeBytes - done, done);
        if (bytesRead === 0) throw new Error(`The upload's file ended after ${done} of ${sizeBytes} bytes`);
        done += bytesRead;
      }
      return bytes;
    },
    close: () => file.close(),
  };
}

function orNoRoom(error: unknown): never {
  if (error instanceof Error && "code" in error && (error.code === "ENOSPC" || error.code === "EDQUOT")) {
    throw new HttpError(507, "There is no room for this upload now. Try again later.", {
      retryAfterSeconds: 60,
      cause: error,
    });
  }
  throw error;
}
