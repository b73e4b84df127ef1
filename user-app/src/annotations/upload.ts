import { randomUUID } from "node:crypto";
import type { S3Client } from "@aws-sdk/client-s3";
import { createPresignedPost, type PresignedPost } from "@aws-sdk/s3-presigned-post";
import { cleanFileName } from "@elastic-gas/shared/clean-file-name";
import type { Config } from "@elastic-gas/shared/config";
import type { Role } from "@elastic-gas/shared/database/tables";
import { jobKey, type Resources } from "@elastic-gas/shared/resources";

export const BUILDS = ["GRCh38", "GRCh37", "NCBI36"] as const;
export type Build = (typeof BUILDS)[number];

/** Names a form's field by which the genome build goes to S3 beside the file, as metadata of the object. */
export const BUILD_FIELD = "x-amz-meta-build";

/**
 * A Free file above the plan's limit still gets through to the redirect, whose answer carries the upgrade link; beyond
 * this S3 refuses it.
 */
const FREE_CEILING_BYTES = 10 * 1_048_576;
const SCRIPT_POLICY_SECONDS = 60; // asked for in the moment of sending
const PLAIN_POLICY_SECONDS = 15 * 60; // handed out with the page
/** For an upload whose name has nothing left after cleaning. */
export const NAMELESS = "input.vcf";

/** S3 puts the name of the sent file in its place, wherever it stands in the key of a form. */
const NAME_VARIABLE = "$" + "{filename}";

export interface UploadPolicyRequest {
  readonly userId: number;
  readonly role: Role;
  /** Where S3 sends the reader after the upload; without script only. */
  readonly redirectTo?: string;
  /** Known when a script asks. */
  readonly fileName?: string;
}

export interface UploadPolicyDeps {
  readonly browserS3: S3Client;
  readonly resources: Resources;
  readonly config: Pick<Config, "FREE_MAX_BYTES" | "PREMIUM_MAX_BYTES">;
}

/**
 * A presigned POST for one file of one job: private, encrypted (SSE-S3), of a bounded size, into the user's own prefix.
 * With a file name (the page's script asks) it holds for 60 s and S3 answers 201; without (the plain form) it holds for
 * 15 min and S3 redirects.
 */
export async function createUploadPolicy(
  { browserS3, resources, config }: UploadPolicyDeps,
  { userId, role, redirectTo, fileName }: UploadPolicyRequest,
): Promise<PresignedPost> {
  const name = fileName === undefined ? NAME_VARIABLE : withoutVariable(cleanFileName(fileName, NAMELESS));
  const buildCondition: ["starts-with", string, string] = ["starts-with", `$${BUILD_FIELD}`, ""];
  const fields: Record<string, string> = {
    acl: "private",
    "x-amz-server-side-encryption": "AES256",
    ...(redirectTo === undefined ? { success_action_status: "201" } : { success_action_redirect: redirectTo }),
  };
  return createPresignedPost(browserS3, {
    Bucket: resources.buckets.inputs,
    Key: jobKey(resources.prefix, userId, randomUUID(), name),
    Fields: fields,
    Conditions: [
      ["content-length-range", 0, uploadCeiling(role, config)],
      ...Object.entries(fields).map(([field, value]) => ({ [field]: value })),
      ...(redirectTo === undefined ? [] : [buildCondition]),
    ],
    Expires: redirectTo === undefined ? SCRIPT_POLICY_SECONDS : PLAIN_POLICY_SECONDS,
  });
}

/** A file that is named like the variable would lie at another key than its form says. It goes without the dollar. */
function withoutVariable(fileName: string): string {
  return fileName.replaceAll(/\$+(?=\{filename\})/g, "");
}

export function uploadCeiling(role: Role, config: Pick<Config, "FREE_MAX_BYTES" | "PREMIUM_MAX_BYTES">): number {
  return role === "premium_user" ? config.PREMIUM_MAX_BYTES : Math.max(FREE_CEILING_BYTES, config.FREE_MAX_BYTES);
}

export interface UploadedKey {
  readonly userId: number;
  readonly jobId: string;
  readonly fileName: string;
}

/** Reads `<prefix>/<user id>/<job id>~<file name>`; undefined for any other key. */
export function parseUploadKey(prefix: string, key: string): UploadedKey | undefined {
  const [head, userId, ...rest] = key.split("/");
  const file = rest.join("/");
  const match = /^([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})~(.+)$/s.exec(file);
  if (head !== prefix || userId === undefined || !/^[1-9]\d{0,15}$/.test(userId) || match === null) return undefined;
  const [, jobId = "", fileName = ""] = match;
  return { userId: Number(userId), jobId, fileName: cleanFileName(fileName, NAMELESS) };
}
