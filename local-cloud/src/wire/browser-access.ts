import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import type { Call } from "./handler.ts";
import type { Head } from "./mount.ts";
import type { WireResponse } from "./protocol/protocol.ts";

/** What S3 offers to pages in browsers besides signed requests. Paths begin with the bucket and are percent-encoded. */
export interface BrowserAccess {
  /** Answers `OPTIONS` by the bucket's CORS rules. */
  preflight(path: string, headers: IncomingHttpHeaders): WireResponse;
  /** CORS headers for the answer to a real request; none when no rule allows it. */
  responseHeaders(path: string, head: Pick<Head, "method" | "headers">): Readonly<Record<string, string>>;
  /**
   * Stores the file of a form whose policy is signed.
   * https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html
   */
  postObject(path: string, request: IncomingMessage, call: Call): Promise<WireResponse>;
}
