import type { Config } from "@elastic-gas/shared/config";
import type { Role } from "@elastic-gas/shared/database/tables";
import { formatBytes } from "@elastic-gas/shared/format/numbers";
import type { TextLimit } from "../vcf/input.ts";

export type PlanLimits = Pick<Config, "FREE_MAX_BYTES" | "FREE_UNPACKED_RATIO" | "PREMIUM_UNPACKED_MAX_BYTES">;

/** What a file may hold once it is unpacked: a small file can unpack to any size. */
export function textLimit(role: Role, limits: PlanLimits): TextLimit {
  const premium = limits.PREMIUM_UNPACKED_MAX_BYTES;
  if (role === "premium_user")
    return {
      bytes: premium,
      sentence: `The file unpacks to more than ${formatBytes(premium)}, which is more than is taken. Split it.`,
    };
  const free = limits.FREE_MAX_BYTES * limits.FREE_UNPACKED_RATIO;
  return {
    bytes: free,
    sentence: `The file unpacks to more than ${formatBytes(free)}, the limit of the Free plan. Premium takes up to ${formatBytes(premium)}.`,
  };
}
