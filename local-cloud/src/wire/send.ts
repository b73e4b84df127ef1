import type { ServerResponse } from "node:http";
import { pipeline, Readable } from "node:stream";
import type { WireResponse } from "./protocol/protocol.ts";

export interface ResponseContext {
  readonly requestId: string;
  readonly isHead: boolean;
  /** Headers that do not depend on the operation, such as CORS. */
  extraHeaders: Readonly<Record<string, string>>;
}

/** Writes an answer. A stream that fails half-way closes the connection, which tells the caller that the body is not whole. */
export function sendResponse(
  response: ServerResponse,
  { statusCode, headers, body }: WireResponse,
  context: ResponseContext,
): void {
  if (response.destroyed) {
    if (body instanceof Readable) body.destroy();
    return;
  }
  response.statusCode = statusCode;
  for (const name in headers) response.setHeader(name, headerText(headers[name]));
  for (const name in context.extraHeaders) response.setHeader(name, headerText(context.extraHeaders[name]));
  response.setHeader("x-amzn-requestid", context.requestId);
  response.setHeader("x-amz-request-id", context.requestId);
  if (body instanceof Readable) {
    if (!context.isHead) return void pipeline(body, response, () => undefined);
    body.destroy();
    response.end();
    return;
  }
  const bytes = typeof body === "string" ? Buffer.from(body, "utf8") : body;
  const hasBody = statusCode !== 204 && statusCode !== 304;
  if (hasBody && !(context.isHead && response.hasHeader("content-length")))
    response.setHeader("content-length", bytes?.length ?? 0);
  response.end(hasBody && !context.isHead ? bytes : undefined);
}

/** Node refuses characters above 255 in headers; AWS sends the bytes of UTF-8. */
function headerText(value: string | number | undefined): string {
  const text = String(value ?? "");
  return /[^\t\x20-\x7e\x80-\xff]/.test(text)
    ? Buffer.from(text.replace(/[\r\n]/g, " "), "utf8").toString("latin1")
    : text;
}
