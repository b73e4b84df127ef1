import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import type { User } from "@elastic-gas/shared/accounts/users";
import type { Config } from "@elastic-gas/shared/config";
import { formatBytes } from "@elastic-gas/shared/format/numbers";
import { isGzip } from "@elastic-gas/shared/vcf/foreign-file";
import { HttpError } from "@elastic-gas/shared/web/errors";

type Limits = Pick<Config, "FREE_MAX_BYTES" | "FREE_UNPACKED_RATIO" | "PREMIUM_MAX_BYTES">;

const UPGRADE = { href: "/subscribe", text: "Upgrade to Premium" };
const unpack = promisify(gunzip);

/** The most bytes that a user's plan takes, as they are sent. */
export function largestInput(config: Limits, { role }: Pick<User, "role">): number {
  return role === "premium_user" ? config.PREMIUM_MAX_BYTES : config.FREE_MAX_BYTES;
}

/** Throws HttpError 413 with the way to a plan that takes more. */
export function checkSize(config: Limits, user: Pick<User, "role">, sizeBytes: number): void {
  const most = largestInput(config, user);
  if (sizeBytes <= most) return;
  const over = formatBytes(sizeBytes - most);
  if (user.role === "premium_user") {
    throw new HttpError(413, `Too large by ${over}: up to ${formatBytes(most)} is taken. Nothing was kept.`);
  }
  throw new HttpError(413, `Too large for the Free plan by ${over}.`, {
    remedy: `The Free plan takes up to ${formatBytes(most)}. Nothing was kept. Premium takes larger files.`,
    link: UPGRADE,
  });
}

/**
 * For a file of the Free plan, which is small as it is sent: throws HttpError 413 when it unpacks to more than that
 * plan takes, so that no job waits only to fail. What cannot be unpacked is left to the annotator, which says why. A
 * Premium file is too large to be unpacked here: the annotator counts it.
 */
export async function checkUnpackedSize(config: Limits, bytes: Uint8Array): Promise<void> {
  if (!isGzip(bytes)) return;
  const most = config.FREE_MAX_BYTES * config.FREE_UNPACKED_RATIO;
  try {
    await unpack(bytes, { maxOutputLength: most });
  } catch (error) {
    if (!(error instanceof RangeError && "code" in error && error.code === "ERR_BUFFER_TOO_LARGE")) return;
    throw new HttpError(413, `The file unpacks to more than ${formatBytes(most)}, the limit of the Free plan.`, {
      remedy: "Nothing was kept. Premium takes larger files.",
      link: UPGRADE,
    });
  }
}
