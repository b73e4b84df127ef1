import { createHmac } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { signatureMismatch } from "../wire/auth/authenticate.ts";
import { authorize } from "../wire/auth/authorize.ts";
import type { Identities, Identity } from "../wire/auth/identities.ts";
import { requiredRights } from "../wire/auth/required-rights.ts";
import { readCredential } from "../wire/auth/signature.ts";
import { isSameSignature, signString } from "../wire/auth/sigv4.ts";
import { CHECKSUM_ALGORITHMS, checksumHeader } from "../wire/body/checksum.ts";
import type { NamedChecksum } from "../wire/body/incoming-body.ts";
import { escapeXml } from "../wire/codec/xml.ts";
import { type Call, Fault } from "../wire/handler.ts";
import type { WireResponse } from "../wire/protocol/protocol.ts";
import { checkProtection, type S3Context } from "./context.ts";
import { invalidArgument, noSuchBucket, notImplemented } from "./faults.ts";
import { type Form, type FormFile, readForm } from "./form-reader.ts";
import { headersToKeep, storageClassOf } from "./headers.ts";
import { quoted } from "./object-record.ts";
import { checkPolicy, lengthRange, readPolicy } from "./post-policy.ts";
import { putObject } from "./put-object.ts";

type Fields = ReadonlyMap<string, string>;

/** Stores the file of a signed form. https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-post-example.html */
export async function postObject(
  context: S3Context,
  identities: Identities,
  bucket: string,
  request: IncomingMessage,
  call: Call,
): Promise<WireResponse> {
  if (!context.buckets.find(bucket)) throw noSuchBucket(bucket);
  // The request must survive this reader: after a refusal its rest is still to be drained.
  const chunks = request.iterator({ destroyOnReturn: false });
  try {
    return await storeForm(
      context,
      identities,
      bucket,
      await readForm(chunks, request.headers["content-type"] ?? ""),
      call,
    );
  } finally {
    await chunks.return?.();
  }
}

async function storeForm(
  context: S3Context,
  identities: Identities,
  bucket: string,
  form: Form,
  call: Call,
): Promise<WireResponse> {
  const { file } = form;
  const fields = expandFileName(form.fields, file);
  const encodedPolicy = fields.get("policy");
  if (encodedPolicy === undefined) throw new Fault("AccessDenied", "Access Denied", 403);
  const { principal } = checkSignature(fields, encodedPolicy, identities);
  const policy = readPolicy(encodedPolicy);
  checkPolicy(policy, fields, bucket, context.now());
  const key = fields.get("key");
  if (!key)
    throw invalidArgument(
      "key",
      "",
      "Bucket POST must contain a field named 'key'. If it is specified, please check the order of the fields.",
    );
  authorize("s3", principal, requiredRights("s3", "PutObject", { Bucket: bucket, Key: key }, call));
  checkProtection({ ACL: fields.get("acl"), ServerSideEncryption: fields.get("x-amz-server-side-encryption") });
  if (fields.has("tagging")) throw notImplemented("object tags");
  const record = await putObject(context, {
    bucket,
    key,
    body: withinRange(file.content, lengthRange(policy)),
    headers: formHeaders(fields),
    storageClass: storageClassOf(fields.get("x-amz-storage-class")),
    contentMd5: fields.get("content-md5"),
    expectedChecksum: expectedChecksum(fields),
  });
  return successResponse(fields, { bucket, key, etag: quoted(record.etag) }, call);
}

function expandFileName(given: Fields, file: FormFile): Fields {
  const key = given.get("key");
  return key === undefined
    ? given
    : new Map(given).set(
        "key",
        key.replaceAll("$" + "{filename}", () => file.name),
      );
}

function checkSignature(fields: Fields, policy: string, identities: Identities): Identity {
  const token = fields.get("x-amz-security-token");
  if (fields.has("x-amz-signature")) {
    const scope = readCredential(fields.get("x-amz-credential") ?? "");
    if (!scope || fields.get("x-amz-algorithm") !== "AWS4-HMAC-SHA256")
      throw invalidArgument("x-amz-credential", "", "The form's signature fields are not valid.");
    const identity = identities.find("s3", scope.accessKeyId, token);
    if (!isSameSignature(signString(policy, identity.keys.get(scope)), fields.get("x-amz-signature") ?? ""))
      throw signatureMismatch("s3");
    return identity;
  }
  const identity = identities.find("s3", fields.get("awsaccesskeyid") ?? "", token);
  const { secretAccessKey } = identity.credentials;
  const expected = createHmac("sha1", secretAccessKey).update(policy, "utf8").digest("base64");
  if (!isSameSignature(expected, fields.get("signature") ?? "")) throw signatureMismatch("s3");
  return identity;
}

/** Stops reading as soon as the file is larger than the policy allows. */
async function* withinRange(
  content: AsyncIterable<Buffer>,
  { min, max }: { readonly min: number; readonly max: number },
): AsyncGenerator<Buffer> {
  let size = 0;
  for await (const chunk of content) {
    size += chunk.length;
    if (size > max) {
      const fields = { ProposedSize: String(size), MaxSizeAllowed: String(max) };
      throw new Fault("EntityTooLarge", "Your proposed upload exceeds the maximum allowed size", 400, { fields });
    }
    yield chunk;
  }
  if (size < min) {
    const fields = { ProposedSize: String(size), MinSizeAllowed: String(min) };
    throw new Fault("EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size", 400, { fields });
  }
}

function formHeaders(fields: Fields) {
  const metadata = [...fields]
    .filter(([name]) => name.startsWith("x-amz-meta-"))
    .map(([name, text]) => [name.slice("x-amz-meta-".length), text]);
  const expires = fields.get("expires");
  return headersToKeep({
    ContentType: fields.get("content-type"),
    CacheControl: fields.get("cache-control"),
    ContentDisposition: fields.get("content-disposition"),
    ContentEncoding: fields.get("content-encoding"),
    ContentLanguage: fields.get("content-language"),
    Expires: expires === undefined || Number.isNaN(Date.parse(expires)) ? undefined : new Date(expires),
    WebsiteRedirectLocation: fields.get("x-amz-website-redirect-location"),
    Metadata: Object.fromEntries(metadata),
  });
}

function expectedChecksum(fields: Fields): NamedChecksum | undefined {
  for (const algorithm of CHECKSUM_ALGORITHMS) {
    const value = fields.get(checksumHeader(algorithm));
    if (value !== undefined) return { algorithm, value };
  }
  return undefined;
}

interface Stored {
  readonly bucket: string;
  readonly key: string;
  readonly etag: string;
}

/** Redirect, or 201 with a document, 200 or 204 without; anything else is 204. */
function successResponse(fields: Fields, { bucket, key, etag }: Stored, call: Call): WireResponse {
  const location = `http://${call.host}/${bucket}/${encodeURIComponent(key).replaceAll("%2F", "/")}`;
  const redirect = fields.get("success_action_redirect") ?? fields.get("redirect");
  if (redirect !== undefined && URL.canParse(redirect) && /^https?:$/.test(new URL(redirect).protocol)) {
    const target = new URL(redirect);
    target.searchParams.append("bucket", bucket);
    target.searchParams.append("key", key);
    target.searchParams.append("etag", etag);
    return { statusCode: 303, headers: { location: target.href, etag }, body: undefined };
  }
  const headers = { etag, location };
  const status = fields.get("success_action_status");
  if (status !== "201") return { statusCode: status === "200" ? 200 : 204, headers, body: undefined };
  const elements = { Location: location, Bucket: bucket, Key: key, ETag: etag };
  const content = Object.entries(elements).map(([name, text]) => `<${name}>${escapeXml(text)}</${name}>`);
  const body = `<?xml version="1.0" encoding="UTF-8"?>\n<PostResponse>${content.join("")}</PostResponse>`;
  return { statusCode: 201, headers: { ...headers, "content-type": "application/xml" }, body };
}
