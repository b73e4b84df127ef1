import type { IncomingMessage } from "node:http";
import { HttpError } from "@elastic-gas/shared/web/errors";
import busboy from "busboy";

export interface UploadedFile {
  readonly fileName: string;
  readonly bytes: Uint8Array;
}

/** What a form held, whatever the order of its parts. */
export interface Form {
  /** First value of each name. */
  readonly fields: ReadonlyMap<string, string>;
  /** The first part named `file` that is a file with content. */
  readonly file: UploadedFile | undefined;
}

/** The sender went away before the body was complete; there is nobody to answer. */
export class SenderGone extends Error {
  override name = "SenderGone";
}

export const MAX_PHOTO_BYTES = 10_000_000;
/** Part heads and the other fields. */
const OVERHEAD_BYTES = 100_000;
const MAX_DROPPED_BYTES = 64_000_000;
const MAX_FIELD_BYTES = 8_192;
const MAX_PARTS = 50;

/**
 * Reads an urlencoded or multipart form into memory. Throws HttpError 400 (malformed), 413 (too large) and 415 (another content type), and SenderGone.
 * What is left of a refused body is read and dropped, so that the sender gets its answer.
 */
export async function readForm(req: IncomingMessage): Promise<Form> {
  const type = (req.headers["content-type"] ?? "").split(";")[0]?.trim().toLowerCase();
  const announced = Number(req.headers["content-length"] ?? 0);
  try {
    if (announced > MAX_PHOTO_BYTES + OVERHEAD_BYTES) throw tooLarge();
    if (type === "multipart/form-data") return await readMultipart(req);
    if (type === "application/x-www-form-urlencoded") return await readUrlencoded(req);
    throw new HttpError(415, "Send a form: multipart/form-data or application/x-www-form-urlencoded.");
  } catch (error) {
    dropRest(req);
    throw error;
  }
}

/** Reads on without keeping anything: senders read the answer only when their body is sent. Gives up on endless bodies. */
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
  return { fields, file: undefined };
}

function readMultipart(req: IncomingMessage): Promise<Form> {
  const { promise, resolve, reject } = Promise.withResolvers<Form>();
  const parser = makeParser(req);
  const fields = new Map<string, string>();
  let file: UploadedFile | undefined;
  let received = 0;

  const fail = (error: Error) => {
    req.off("data", count);
    req.unpipe(parser);
    parser.removeAllListeners();
    // busboy may still complain about the end that it never saw.
    parser.on("error", () => {});
    parser.destroy();
    reject(error);
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
    const chunks: Buffer[] = [];
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.on("limit", () => fail(tooLarge()));
    stream.on("error", () => {}); // the parser reports it
    stream.on("close", () => {
      const bytes = Buffer.concat(chunks);
      // A browser sends an empty part when no file was chosen.
      if (bytes.length > 0) file ??= { fileName: info.filename ?? "", bytes };
    });
  });
  for (const limit of ["partsLimit", "filesLimit", "fieldsLimit"] as const) {
    parser.on(limit, () => fail(new HttpError(413, `The form has more than ${MAX_PARTS} parts.`)));
  }
  parser.on("error", (error) => {
    fail(new HttpError(400, "The multipart body could not be read.", { cause: error }));
  });
  parser.on("close", () => resolve({ fields, file }));
  req.on("data", count);
  req.once("close", () => {
    if (!req.complete) fail(new SenderGone("The sender left before the body was complete."));
  });
  req.pipe(parser);
  return promise;
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
  return new HttpError(413, `The photo is larger than ${MAX_PHOTO_BYTES / 1e6} MB.`);
}
