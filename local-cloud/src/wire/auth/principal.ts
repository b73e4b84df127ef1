import type { Statement } from "@elastic-gas/shared/permissions";

/** Who makes a call. */
export interface Principal {
  readonly arn: string;
  readonly userId: string;
  /** What it may do; undefined: everything. */
  readonly statements: readonly Statement[] | undefined;
}
