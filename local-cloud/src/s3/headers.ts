import { Fault } from "../wire/handler.ts";
import { invalidArgument } from "./faults.ts";
import type { ObjectHeaders } from "./object-record.ts";

interface HeaderInput {
  readonly ContentType?: string | undefined;
  readonly CacheControl?: string | undefined;
  readonly ContentDisposition?: string | undefined;
  readonly ContentEncoding?: string | undefined;
  readonly ContentLanguage?: string | undefined;
  readonly Expires?: Date | undefined;
  readonly WebsiteRedirectLocation?: string | undefined;
  readonly Metadata?: Readonly<Record<string, string>> | undefined;
}

const MAX_METADATA_BYTES = 2048; // https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html
const MAX_KEY_BYTES = 1024;
const STORAGE_CLASSES: ReadonlySet<string> = new Set([
  "STANDARD",
  "STANDARD_IA",
  "ONEZONE_IA",
  "INTELLIGENT_TIERING",
  "GLACIER_IR",
  "GLACIER",
  "DEEP_ARCHIVE",
]);
const DEFAULT_CONTENT_TYPE = "binary/octet-stream";

/** What to keep of a request's headers. `aws-chunked` is how the body travelled, not what it is. */
export function headersToKeep(input: HeaderInput): ObjectHeaders {
  const metadata = lowerCaseKeys(input.Metadata ?? {});
  const bytes = Object.entries(metadata).reduce(
    (sum, [name, text]) => sum + Buffer.byteLength(name) + Buffer.byteLength(text),
    0,
  );
  if (bytes > MAX_METADATA_BYTES)
    throw new Fault("MetadataTooLarge", "Your metadata headers exceed the maximum allowed metadata size");
  const encoding = (input.ContentEncoding ?? "")
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "" && part !== "aws-chunked")
    .join(",");
  return {
    contentType: input.ContentType ?? DEFAULT_CONTENT_TYPE,
    cacheControl: input.CacheControl,
    contentDisposition: input.ContentDisposition,
    contentEncoding: encoding === "" ? undefined : encoding,
    contentLanguage: input.ContentLanguage,
    expires: input.Expires?.toUTCString(),
    websiteRedirectLocation: input.WebsiteRedirectLocation,
    metadata,
  };
}

export function checkKey(key: string): void {
  if (Buffer.byteLength(key) > MAX_KEY_BYTES) throw new Fault("KeyTooLongError", "Your key is too long");
}

export function storageClassOf(given: string | undefined): string {
  const storageClass = given ?? "STANDARD";
  if (!STORAGE_CLASSES.has(storageClass))
    throw new Fault("InvalidStorageClass", `The storage class "${storageClass}" you specified is not valid`);
  return storageClass;
}

/** Storage classes whose objects must be restored before they can be read. */
export function isArchived(storageClass: string): boolean {
  return storageClass === "GLACIER" || storageClass === "DEEP_ARCHIVE";
}

export function partNumberOf(given: number | undefined): number {
  if (given === undefined || !Number.isInteger(given) || given < 1 || given > 10_000) {
    throw invalidArgument("partNumber", String(given), "Part number must be an integer between 1 and 10000, inclusive");
  }
  return given;
}

function lowerCaseKeys(metadata: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(metadata).map(([name, text]) => [name.toLowerCase(), text]));
}
