import type { User } from "@elastic-gas/shared/accounts/users";
import { type Config, managerUrl } from "@elastic-gas/shared/config";
import { HttpError } from "@elastic-gas/shared/web/errors";

/** What opens such an account is changed in the manager only: no web worker may. */
export function mayUseManager({ isAdmin, isViewer }: Pick<User, "isAdmin" | "isViewer">): boolean {
  return isAdmin || isViewer;
}

/** Throws HttpError 409 for an account that may use the manager. */
export function refuseManagersAccount(
  user: User,
  config: Pick<Config, "CLOUD" | "PUBLIC_URL" | "PUBLIC_HOST" | "MANAGER_PORT">,
): void {
  if (!mayUseManager(user)) return;
  throw new HttpError(409, "This account may use the manager, so it is changed there.", {
    remedy: `Open ${managerUrl(config)}/account.`,
  });
}
