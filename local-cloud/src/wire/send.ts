import type { ServerResponse } from "node:http";
import { Readable } from "node:stream";
import type { WireResponse } from "./protocol/protocol.ts";

export interface ResponseContext {
  readonly requestId: string;
  /**
   * The Date header's text. Clients correct their clocks by it, so it must be the clock that signatures are checked
   * against.
   */
  readonly date: string;
  readonly isHead: boolean;
  /** Headers that do not depend on the operation, such as CORS. */
  extraHeaders: Readonly<Record<string, string>>;
}

const MAX_TEXT_BYTES = 4096;

/**
 * Writes an answer. A stream that fails half-way closes the connection, which tells the caller that the body is not
 * whole.
 */
export function sendResponse(
  response: ServerResponse,
  { statusCode, headers, body }: WireResponse,
  context: ResponseContext,
): void {
  if (response.destroyed) {
    if (body instanceof Readable) body.destroy();
    return;
  }
  const fields = fieldsOf(headers, context);
  if (body instanceof Readable) {
    response.writeHead(statusCode, fields);
    if (!context.isHead) {
      stream(body, response);
      return;
    }
    body.destroy();
    response.end();
    return;
  }
  const bytes = typeof body === "string" ? Buffer.from(body, "utf8") : body;
  const hasBody = statusCode !== 204 && statusCode !== 304;
  if (hasBody && headers["content-length"] === undefined) fields.push("content-length", String(bytes?.length ?? 0));
  response.writeHead(statusCode, fields);
  if (!hasBody || context.isHead || !bytes) response.end();
  // As text, Node puts a short body and the head into one piece to write.
  else if (bytes.length <= MAX_TEXT_BYTES) response.end(latin1Of(bytes), "latin1");
  else response.end(bytes);
}

/** As `pipeline` does it, without the abort signal that it makes and fires for each. */
function stream(body: Readable, response: ServerResponse): void {
  body.once("error", () => response.destroy());
  response.once("close", () => body.destroy());
  body.pipe(response);
}

/**
 * Name, value, name, value, ...: what `writeHead` takes as it is, while each `setHeader` is checked and stored for
 * itself.
 */
function fieldsOf(headers: WireResponse["headers"], { date, requestId, extraHeaders }: ResponseContext): string[] {
  const fields = ["date", date];
  for (const name in headers) fields.push(name, headerText(headers[name]));
  for (const name in extraHeaders) fields.push(name, headerText(extraHeaders[name]));
  fields.push("x-amzn-requestid", requestId, "x-amz-request-id", requestId);
  return fields;
}

function latin1Of(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
}

/** Node refuses characters above 255 in headers; AWS sends the bytes of UTF-8. */
function headerText(value: string | number | undefined): string {
  const text = String(value ?? "");
  return /[^\t\x20-\x7e\x80-\xff]/.test(text)
    ? Buffer.from(text.replace(/[\r\n]/g, " "), "utf8").toString("latin1")
    : text;
}
