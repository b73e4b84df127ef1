import { randomBytes } from "node:crypto";

/**
 * Of `bytes` random bytes as base64url, like AWS's ids of archives, jobs and uploads. Never with "-" in front:
 * `aws glacier --job-id -x1...` takes that for an option and refuses it.
 */
export function newId(bytes: number): string {
  return randomBytes(bytes).toString("base64url").replace(/^-/, "_");
}
