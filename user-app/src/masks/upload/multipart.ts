import type { IncomingMessage } from "node:http";
import type { Readable } from "node:stream";
import { HttpError } from "@elastic-gas/shared/web/errors";
import busboy from "busboy";
import { onceSenderLeaves, refuseGone, SenderGone } from "../../web/sender-gone.ts";
import { openSpool, type Spool } from "./spool.ts";
import { createUploadBudget } from "./upload-budget.ts";

export interface UploadedFile {
  readonly fileName: string;
  readonly bytes: Uint8Array;
}

/** A file of a form, which lies on disk until somebody wants its bytes. */
export interface SentFile {
  readonly fileName: string;
  read(): Promise<Uint8Array>;
}

/** What a form held, whatever the order of its parts. Dispose of it to free its file and its room. */
export interface Form extends AsyncDisposable {
  /** First value of each name. */
  readonly fields: ReadonlyMap<string, string>;
  /** The first part named `file` that is a file with content. */
  readonly file: SentFile | undefined;
}

export const MAX_PHOTO_BYTES = 10_000_000;
/** Part heads and the other fields. */
const OVERHEAD_BYTES = 100_000;
const MAX_DROPPED_BYTES = 64_000_000;
const MAX_FIELD_BYTES = 8_192;
const MAX_PARTS = 50;
/** What all senders together may have on its way into this worker: 25 photos of the largest size. */
const MAX_BYTES_AT_ONCE = 25 * (MAX_PHOTO_BYTES + OVERHEAD_BYTES);
const budget = createUploadBudget(MAX_BYTES_AT_ONCE);

/**
 * Reads an urlencoded or multipart form; its file goes to disk. Throws HttpError 400 (malformed), 413 (too large), 415
 * (another content type), 503 (too much on its way already, at once) and 507 (disk full), and SenderGone. What is left
 * of a refused body is read and dropped, so that the sender gets its answer.
 */
export async function readForm(req: IncomingMessage): Promise<Form> {
  const type = (req.headers["content-type"] ?? "").split(";")[0]?.trim().toLowerCase();
  const announced = Number(req.headers["content-length"] ?? 0);
  try {
    refuseGone(req);
    if (announced > MAX_PHOTO_BYTES + OVERHEAD_BYTES) throw tooLarge();
    if (type === "multipart/form-data") {
      // A body of unknown length may be as long as the longest.
      const giveBack = budget.take(
        req.headers["content-length"] === undefined ? MAX_PHOTO_BYTES + OVERHEAD_BYTES : announced,
      );
      req.once("close", giveBack);
      return await readMultipart(req);
    }
    if (type === "application/x-www-form-urlencoded") return await readUrlencoded(req);
    throw new HttpError(415, "Send a form: multipart/form-data or application/x-www-form-urlencoded.");
  } catch (error) {
    dropRest(req);
    throw error;
  }
}

/**
 * Reads on without keeping anything: senders read the answer only when their body is sent. Gives up on endless bodies.
 */
export function dropRest(req: IncomingMessage): void {
  let dropped = 0;
  req.on("data", (chunk: Buffer) => {
    dropped += chunk.length;
    if (dropped > MAX_DROPPED_BYTES) req.destroy();
  });
  req.resume();
}

async function readUrlencoded(req: IncomingMessage): Promise<Form> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of req.iterator({ destroyOnReturn: false })) {
      size += chunk.length;
      if (size > OVERHEAD_BYTES) throw new HttpError(413, "The form is too large.");
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof HttpError) throw error;
    throw new SenderGone("The sender left.", { cause: error });
  }
  const fields = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(Buffer.concat(chunks).toString("utf8"))) {
    if (!fields.has(name)) fields.set(name, value);
  }
  return { fields, file: undefined, [Symbol.asyncDispose]: async () => {} };
}

function readMultipart(req: IncomingMessage): Promise<Form> {
  const { promise, resolve, reject } = Promise.withResolvers<Form>();
  const parser = makeParser(req);
  const fields = new Map<string, string>();
  let file: (SentFile & { readonly spool: Spool }) | undefined;
  let storing: Promise<void> = Promise.resolve();
  let received = 0;

  const fail = (error: Error) => {
    req.off("data", count);
    req.unpipe(parser);
    parser.removeAllListeners();
    // busboy may still complain about the end that it never saw.
    parser.on("error", () => {});
    parser.destroy();
    reject(error);
    void storing.finally(() => file?.spool.close());
  };
  const count = (chunk: Buffer) => {
    received += chunk.length;
    if (received > MAX_PHOTO_BYTES + OVERHEAD_BYTES) fail(tooLarge());
  };

  parser.on("field", (name, value, info) => {
    if (info.valueTruncated) fail(new HttpError(413, `The field ${name.slice(0, 50)} is too long.`));
    else if (!fields.has(name)) fields.set(name, value);
  });
  parser.on("file", (name, stream, info) => {
    if (name !== "file") {
      stream.resume();
      return;
    }
    stream.on("limit", () => fail(tooLarge()));
    stream.on("error", () => {}); // the parser reports it
    storing = storing.then(() => store(stream, info.filename ?? "")).catch(fail);
  });
  for (const limit of ["partsLimit", "filesLimit", "fieldsLimit"] as const) {
    parser.on(limit, () => fail(new HttpError(413, `The form has more than ${MAX_PARTS} parts.`)));
  }
  parser.on("error", (error) => {
    fail(new HttpError(400, "The multipart body could not be read.", { cause: error }));
  });
  parser.on("close", () => {
    void storing.then(() => resolve({ fields, file, [Symbol.asyncDispose]: async () => file?.spool.close() }));
  });
  req.on("data", count);
  onceSenderLeaves(req, fail);
  req.pipe(parser);
  return promise;

  /** Keeps the first file that has content: a browser sends an empty part when none was chosen. */
  async function store(stream: Readable, fileName: string): Promise<void> {
    if (file !== undefined) {
      stream.resume();
      return;
    }
    const spool = await openSpool();
    try {
      for await (const chunk of stream) await spool.write(chunk);
    } catch (error) {
      await spool.close();
      throw error;
    }
    if (spool.sizeBytes === 0) await spool.close();
    else file = { fileName, spool, read: () => spool.read() };
  }
}

function makeParser(req: IncomingMessage): busboy.Busboy {
  try {
    return busboy({
      headers: req.headers,
      // Browsers send names in UTF-8.
      defParamCharset: "utf8",
      // busboy reports the limit when it is reached, not when it is passed.
      limits: { fileSize: MAX_PHOTO_BYTES + 1, fieldSize: MAX_FIELD_BYTES, parts: MAX_PARTS },
    });
  } catch (error) {
    throw new HttpError(400, "The multipart body has no boundary.", { cause: error });
  }
}

function tooLarge(): HttpError {
  return new HttpError(413, `The photo is larger than ${MAX_PHOTO_BYTES / 1e6}\u00a0MB.`);
}
