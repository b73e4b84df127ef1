import type { Policy, PoolLimits } from "@elastic-gas/scaling/policy";
import type { PoolName } from "@elastic-gas/shared/resources";

/** What was in force from `at` on. */
export interface PolicyVersion {
  readonly pool: PoolName;
  readonly version: number;
  readonly policy: Policy;
  readonly limits: PoolLimits;
  readonly actor: string;
  readonly at: number;
}
