import type { User } from "@elastic-gas/shared/accounts/users";
import type { TimeStyle } from "@elastic-gas/shared/format/times";
import type { Html } from "@elastic-gas/shared/web/html";

export type Tab = "annotate" | "annotations" | "masks";

/** What every page knows beside its own properties. */
export interface PageContext {
  /** Undefined when anonymous. */
  readonly user: User | undefined;
  /** The token for the hidden field `_csrf`; empty when anonymous. */
  readonly csrf: string;
  /** In which the server writes times, until the browser puts them into the reader's. */
  readonly zone: string;
  readonly now: Date;
  /** The app's own address, without a trailing slash. */
  readonly url: string;
  readonly time: (at: Date, style: TimeStyle) => Html;
}
