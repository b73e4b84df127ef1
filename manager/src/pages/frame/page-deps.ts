import type { PasswordVerifier } from "@elastic-gas/shared/accounts/passwords";
import type { FeatureDeps } from "../../features/feature-deps.ts";
import type { SendPage } from "./send-page.ts";

/** What the pages' routes share. */
export interface PageDeps extends FeatureDeps {
  readonly passwords: PasswordVerifier;
  readonly sendPage: SendPage;
}
