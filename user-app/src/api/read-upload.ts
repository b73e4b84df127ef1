import type { IncomingMessage } from "node:http";
import type { Readable } from "node:stream";
import { formatBytes } from "@elastic-gas/shared/format/numbers";
import { HttpError } from "@elastic-gas/shared/web/errors";
import busboy from "busboy";
import { dropRest } from "../masks/upload/multipart.ts";
import { createUploadBudget } from "../masks/upload/upload-budget.ts";
import { onceSenderLeaves, refuseGone, SenderGone } from "../web/sender-gone.ts";

/** A larger file is sent to the storage itself, by an upload in two steps. */
const DIRECT_MAX_BYTES = 32 * 2 ** 20;
/** Part heads and the other fields of a multipart body. */
const OVERHEAD_BYTES = 16_384;
const MAX_FIELDS = 10;
const MAX_FILES = 2;
const MAX_FIELD_BYTES = 1_000;
const budget = createUploadBudget(4 * (DIRECT_MAX_BYTES + OVERHEAD_BYTES));

export interface UploadBody {
  readonly bytes: Uint8Array;
  /** Of the part; undefined for a raw body. */
  readonly fileName: string | undefined;
  /** Of a multipart body. */
  readonly fields: ReadonlyMap<string, string>;
}

/**
 * Reads the file of a request: its raw body, or the part `file` of a multipart one. Throws HttpError 400, 413 (more
 * than `maxBytes`, or more than a request may carry), 503 (too much on its way already), and SenderGone.
 */
export async function readUpload(req: IncomingMessage, maxBytes: number): Promise<UploadBody> {
  const most = Math.min(maxBytes, DIRECT_MAX_BYTES);
  const announced = req.headers["content-length"];
  try {
    refuseGone(req);
    if (Number(announced ?? 0) > most + OVERHEAD_BYTES) throw tooLarge(most, maxBytes);
    const giveBack = budget.take(announced === undefined ? most + OVERHEAD_BYTES : Number(announced));
    req.once("close", giveBack);
    const type = (req.headers["content-type"] ?? "").split(";")[0]?.trim().toLowerCase();
    const body = type === "multipart/form-data" ? await readMultipart(req, most) : await readRaw(req, most);
    if (body === undefined) throw tooLarge(most, maxBytes);
    if (body.bytes.byteLength === 0)
      throw new HttpError(400, "The file is empty: send it as the body or as a part named file.");
    return body;
  } catch (error) {
    dropRest(req);
    throw error;
  }
}

async function readRaw(req: IncomingMessage, most: number): Promise<UploadBody | undefined> {
  try {
    const bytes = await collect(req.iterator({ destroyOnReturn: false }), most);
    return bytes === undefined ? undefined : { bytes, fileName: undefined, fields: new Map() };
  } catch (error) {
    throw new SenderGone("The sender left before the body was complete.", { cause: error });
  }
}

function readMultipart(req: IncomingMessage, most: number): Promise<UploadBody | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<UploadBody | undefined>();
  const parser = makeParser(req);
  const fields = new Map<string, string>();
  let file: Promise<{ readonly bytes: Uint8Array | undefined; readonly fileName: string }> | undefined;
  // What is not used is refused: a file or a build that is left out unnoticed makes a wrong result.
  const refuse = (sentence: string) => reject(new HttpError(400, sentence));
  parser.on("field", (name, value, { valueTruncated }) => {
    if (name === "file")
      refuse("The part file came as a text. Send it as a file, with a file name: curl -F file=@NAME.");
    else if (fields.has(name)) refuse(`${name.slice(0, 50)}: it is given more than once.`);
    else if (valueTruncated) refuse(`${name.slice(0, 50)}: at most ${MAX_FIELD_BYTES} bytes.`);
    else fields.set(name, value);
  });
  parser.on("file", (name, stream: Readable, { filename }) => {
    stream.on("error", () => {}); // the parser reports it
    if (name !== "file") refuse(`There is a file in the part ${name.slice(0, 50)}: send it in a part named file.`);
    else if (file !== undefined) refuse("There are several parts named file. Send each file in a request of its own.");
    else {
      file = collect(stream, most).then((bytes) => ({ bytes, fileName: filename ?? "" }));
      file.catch(() => {}); // awaited at the end
      return;
    }
    stream.resume();
  });
  for (const limit of ["fieldsLimit", "filesLimit"] as const)
    parser.on(limit, () => refuse(`The form has more than ${MAX_FIELDS + MAX_FILES} parts.`));
  parser.on("error", (error) => reject(new HttpError(400, "The multipart body could not be read.", { cause: error })));
  parser.on("close", () => {
    if (file === undefined) return reject(new HttpError(400, "The file is missing: send a part named file."));
    file.then(({ bytes, fileName }) => resolve(bytes === undefined ? undefined : { bytes, fileName, fields }), reject);
  });
  onceSenderLeaves(req, reject);
  req.pipe(parser);
  return promise.finally(() => req.unpipe(parser));
}

function makeParser(req: IncomingMessage): busboy.Busboy {
  try {
    return busboy({
      headers: req.headers,
      defParamCharset: "utf8",
      limits: { fileSize: DIRECT_MAX_BYTES + 1, fields: MAX_FIELDS, fieldSize: MAX_FIELD_BYTES, files: MAX_FILES },
    });
  } catch (error) {
    throw new HttpError(400, "The multipart body has no boundary.", { cause: error });
  }
}

/** All bytes; undefined when there are more than `most`, of which the rest is read and dropped. */
async function collect(chunks: AsyncIterable<Buffer>, most: number): Promise<Uint8Array | undefined> {
  const kept: Buffer[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    size += chunk.length;
    if (size <= most) kept.push(chunk);
    else kept.length = 0;
  }
  return size <= most ? Buffer.concat(kept) : undefined;
}

function tooLarge(most: number, maxBytes: number): HttpError {
  return maxBytes > DIRECT_MAX_BYTES
    ? new HttpError(413, `A request carries up to ${formatBytes(most)}. Send a larger file by POST /api/v1/uploads.`)
    : new HttpError(413, `The file is too large: your plan takes up to ${formatBytes(most)}.`);
}
