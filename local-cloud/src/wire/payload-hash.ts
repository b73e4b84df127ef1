import { hash } from "node:crypto";
import type { Signature } from "./auth/signature.ts";
import { hashMismatch } from "./body/incoming-body.ts";
import { Fault } from "./handler.ts";
import type { Head, ServiceMount } from "./mount.ts";

const UNSIGNED = "UNSIGNED-PAYLOAD";

/** Of a body that is still to come: what the caller says, which is checked while it is read. */
export function declaredPayloadHash({ headers }: Head, signature: Signature | undefined): string {
  const declared = headers["x-amz-content-sha256"];
  if (typeof declared === "string") return declared;
  if (signature?.place === "query" || signature?.version === "v2") return UNSIGNED;
  throw new Fault("MissingSecurityHeader", "Your request is missing the header x-amz-content-sha256.");
}

/** Of a body that is there. */
export function bufferedPayloadHash(
  mount: ServiceMount,
  { headers }: Head,
  signature: Signature | undefined,
  body: Buffer,
): string {
  const declared = headers["x-amz-content-sha256"];
  if (mount.description.id === "s3" && declared === undefined && signature?.place === "query") return UNSIGNED;
  if (declared === UNSIGNED) return UNSIGNED;
  const actual = hash("sha256", body);
  if (typeof declared === "string" && declared !== actual) throw hashMismatch();
  return actual;
}
