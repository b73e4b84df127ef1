import { createHmac, createSecretKey, hash, type KeyObject, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import type { Parameters } from "../protocol/protocol.ts";
import type { V4Signature } from "./signature.ts";

export interface SignedRequest {
  readonly method: string;
  /** Path as sent, percent-encoded. */
  readonly path: string;
  readonly query: Parameters;
  readonly headers: IncomingHttpHeaders;
}

const EMPTY_QUERY = "";

/** Derives and remembers signing keys: one per day, region and service, four HMACs each. */
export class SigningKeys {
  readonly #keys = new Map<string, KeyObject>();
  readonly #secretAccessKey: string;

  constructor(secretAccessKey: string) {
    this.#secretAccessKey = secretAccessKey;
  }

  get({ date, region, service }: Pick<V4Signature, "date" | "region" | "service">): KeyObject {
    const scope = `${date}/${region}/${service}`;
    const known = this.#keys.get(scope);
    if (known) return known;
    if (this.#keys.size > 1000) this.#keys.clear(); // a caller may send any scope: bound what it can make us keep
    const secret = [date, region, service, "aws4_request"].reduce<Buffer>(
      (before, part) => createHmac("sha256", before).update(part).digest(),
      Buffer.from(`AWS4${this.#secretAccessKey}`, "utf8"),
    );
    // Node makes a key object of bytes at each use, which costs seven times the HMAC itself.
    const key = createSecretKey(secret);
    this.#keys.set(scope, key);
    return key;
  }
}

/**
 * The signature that the request must carry.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
export function expectedSignature(
  request: SignedRequest,
  signature: V4Signature,
  payloadHash: string,
  key: KeyObject,
): string {
  const canonical = canonicalRequest(request, signature, payloadHash);
  return signString(stringToSign(signature, "AWS4-HMAC-SHA256", hash("sha256", canonical)), key);
}

export function stringToSign(
  { timestamp, date, region, service }: V4Signature,
  algorithm: string,
  rest: string,
): string {
  return `${algorithm}\n${timestamp}\n${date}/${region}/${service}/aws4_request\n${rest}`;
}

export function signString(text: string, key: KeyObject): string {
  return createHmac("sha256", key).update(text).digest("hex");
}

/** Compares without telling by its duration how much of a signature was right. */
export function isSameSignature(a: string, b: string): boolean {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length === right.length && timingSafeEqual(left, right);
}

/** When the signature was made, as an instant. */
export function signedAt({ timestamp }: V4Signature): Date {
  const part = (from: number, to: number) => Number(timestamp.slice(from, to));
  return new Date(Date.UTC(part(0, 4), part(4, 6) - 1, part(6, 8), part(9, 11), part(11, 13), part(13, 15)));
}

function canonicalRequest(
  { method, path, query, headers }: SignedRequest,
  signature: V4Signature,
  payloadHash: string,
): string {
  const { signedHeaders, service, place } = signature;
  const canonicalHeaders = signedHeaders.map((name) => `${name}:${headerValue(headers, name)}\n`).join("");
  const canonicalQuery =
    query.length === 0 ? EMPTY_QUERY : queryString(query, place === "query" ? "X-Amz-Signature" : undefined);
  return `${method}\n${canonicalPath(path, service)}\n${canonicalQuery}\n${canonicalHeaders}\n${signedHeaders.join(";")}\n${payloadHash}`;
}

/** S3 signs the path encoded once, all others encode what is on the wire a second time. */
function canonicalPath(path: string, service: string): string {
  if (path === "/") return path;
  if (service !== "s3") return path.split("/").map(encodeStrictly).join("/");
  return path
    .split("/")
    .map((segment) => encodeStrictly(decodeLeniently(segment)))
    .join("/");
}

function queryString(query: Parameters, except: string | undefined): string {
  return query
    .filter(([name]) => name !== except)
    .map(([name, value]) => [encodeStrictly(name), encodeStrictly(value)] as const)
    .sort(([nameA, valueA], [nameB, valueB]) => compare(nameA, nameB) || compare(valueA, valueB))
    .map(([name, value]) => `${name}=${value}`)
    .join("&");
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function headerValue(headers: IncomingHttpHeaders, name: string): string {
  const value = headers[name];
  const text = Array.isArray(value) ? value.join(",") : (value ?? "");
  return text.includes("  ") ? text.trim().replace(/ +/g, " ") : text.trim();
}

function encodeStrictly(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

function decodeLeniently(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment; // routing answers InvalidURI; here a wrong signature is enough
  }
}
