import { Fault } from "../handler.ts";
import type { ServiceId } from "../services.ts";
import type { Signature, V2Signature, V4Signature } from "./signature.ts";
import { expectedSignatureV2 } from "./sigv2.ts";
import { expectedSignature, isSameSignature, type SignedRequest, type SigningKeys, signedAt } from "./sigv4.ts";

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

export interface AuthenticationInput {
  readonly service: ServiceId;
  readonly request: SignedRequest;
  readonly signature: Signature;
  /** Hash of the payload as the canonical request needs it: hex SHA-256 or one of S3's literals. */
  readonly payloadHash: string;
}

const SKEW_MS = 15 * 60_000; // https://docs.aws.amazon.com/AmazonS3/latest/API/RESTAuthentication.html#RESTAuthenticationTimeStamp

/**
 * Throws the error that the service itself would answer when a request is wrongly signed, expired or signed at another
 * time.
 */
export function authenticate(input: AuthenticationInput, credentials: Credentials, keys: SigningKeys, now: Date): void {
  const { signature } = input;
  if (signature.version === "v2") checkV2(input, signature, credentials, now);
  else checkV4(input, signature, keys, now);
}

/** The fault for a request without a signature, by service. */
export function unsigned(service: ServiceId): Fault {
  return service === "s3" ? new Fault("AccessDenied", "Access Denied", 403) : missingToken(service);
}

/** The fault for a signature that does not match, by service. */
export function signatureMismatch(service: ServiceId): Fault {
  const message =
    "The request signature we calculated does not match the signature you provided. Check your key and signing method.";
  if (service === "ec2")
    return new Fault("AuthFailure", "AWS was not able to validate the provided access credentials", 401);
  return new Fault(
    service === "sqs" || service === "glacier" ? "InvalidSignatureException" : "SignatureDoesNotMatch",
    message,
    403,
  );
}

function checkV4(
  { service, request, payloadHash }: AuthenticationInput,
  signature: V4Signature,
  keys: SigningKeys,
  now: Date,
): void {
  const at = signedAt(signature).getTime();
  if (Number.isNaN(at) || !signature.timestamp.startsWith(signature.date) || !signature.signedHeaders.includes("host"))
    throw signatureMismatch(service);
  const expected = expectedSignature(request, signature, payloadHash, keys.get(signature));
  if (!isSameSignature(expected, signature.signature)) throw signatureMismatch(service);
  if (signature.expiresSeconds === undefined) {
    if (Math.abs(now.getTime() - at) > SKEW_MS) throw tooSkewed(service);
    return;
  }
  if (at - now.getTime() > SKEW_MS) throw new Fault("AccessDenied", "Request is not yet valid", 403);
  if (now.getTime() > at + signature.expiresSeconds * 1000)
    throw hasExpired(new Date(at + signature.expiresSeconds * 1000), now);
}

function checkV2(
  { service, request }: AuthenticationInput,
  signature: V2Signature,
  { secretAccessKey }: Credentials,
  now: Date,
): void {
  if (service !== "s3") throw signatureMismatch(service);
  const expected = expectedSignatureV2(request, secretAccessKey, signature.expiresEpochSeconds);
  if (!isSameSignature(expected, signature.signature)) throw signatureMismatch(service);
  if (signature.expiresEpochSeconds === undefined) {
    const date = request.headers["x-amz-date"] ?? request.headers.date;
    const at = new Date(String(date)).getTime();
    if (!(Math.abs(now.getTime() - at) <= SKEW_MS)) throw tooSkewed(service); // an unreadable date compares as false
  } else if (now.getTime() > signature.expiresEpochSeconds * 1000) {
    throw hasExpired(new Date(signature.expiresEpochSeconds * 1000), now);
  }
}

function hasExpired(expires: Date, now: Date): Fault {
  return new Fault("AccessDenied", "Request has expired", 403, {
    fields: { Expires: expires.toISOString(), ServerTime: now.toISOString() },
  });
}

function tooSkewed(service: ServiceId): Fault {
  const code = service === "s3" || service === "ec2" ? "RequestTimeTooSkewed" : "RequestExpired";
  return new Fault(code, "The difference between the request time and the current time is too large.", 403);
}

export function unknownKey(service: ServiceId, accessKeyId: string): Fault {
  if (service === "s3") {
    const message = "The AWS Access Key Id you provided does not exist in our records.";
    return new Fault("InvalidAccessKeyId", message, 403, { fields: { AWSAccessKeyId: accessKeyId } });
  }
  if (service === "ec2")
    return new Fault("AuthFailure", "AWS was not able to validate the provided access credentials", 401);
  const code =
    service === "sqs" || service === "glacier" || service === "ses"
      ? "UnrecognizedClientException"
      : "InvalidClientTokenId";
  return new Fault(code, "The security token included in the request is invalid.", 403);
}

function missingToken(service: ServiceId): Fault {
  const code =
    service === "glacier" || service === "ses" || service === "sqs"
      ? "MissingAuthenticationTokenException"
      : "MissingAuthenticationToken";
  return new Fault(code, "Missing Authentication Token", 403);
}
