import { createHmac } from "node:crypto";
import type { SignedRequest } from "./sigv4.ts";

// Query parameters that are part of the resource.
// https://docs.aws.amazon.com/AmazonS3/latest/API/RESTAuthentication.html
const SUB_RESOURCES: ReadonlySet<string> = new Set(
  (
    "accelerate acl analytics cors defaultObjectAcl delete encryption inventory lifecycle location logging metrics notification object-lock " +
    "ownershipControls partNumber policy policyStatus publicAccessBlock replication requestPayment response-cache-control " +
    "response-content-disposition response-content-encoding response-content-language response-content-type response-expires restore " +
    "retention select select-type tagging torrent uploadId uploads versionId versioning versions website"
  ).split(" "),
);

/** The base64 signature of version 2. `expires` takes the place of the date in addresses that are handed out. */
export function expectedSignatureV2(
  request: SignedRequest,
  secretAccessKey: string,
  expires: number | undefined,
): string {
  const { method, headers } = request;
  const date =
    expires === undefined ? (headers["x-amz-date"] === undefined ? (headers.date ?? "") : "") : String(expires);
  const text = [
    method,
    headers["content-md5"] ?? "",
    headers["content-type"] ?? "",
    date,
    `${amzHeaders(request)}${resource(request)}`,
  ].join("\n");
  return createHmac("sha1", secretAccessKey).update(text, "utf8").digest("base64");
}

function amzHeaders({ headers }: SignedRequest): string {
  return Object.keys(headers)
    .filter((name) => name.startsWith("x-amz-"))
    .sort()
    .map((name) => `${name}:${[headers[name]].flat().join(",").trim()}\n`)
    .join("");
}

function resource({ path, query }: SignedRequest): string {
  const parts = query
    .filter(([name]) => SUB_RESOURCES.has(name))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => (value === "" ? name : `${name}=${value}`));
  return parts.length === 0 ? path : `${path}?${parts.join("&")}`;
}
