import type { PoolName } from "@elastic-gas/shared/resources";

/** Something that a person should look at. The start is shown in bold. */
export interface Alert {
  readonly id: string;
  readonly tone: "bad" | "warn" | "info";
  readonly pool: PoolName | null;
  readonly start: string;
  readonly text: string;
  /** What to do; null when there is nothing to do but know it. */
  readonly remedy: string | null;
  /** Since when, epoch milliseconds. */
  readonly at: number;
  readonly link: { readonly href: string; readonly text: string } | null;
}
