import { PagePassword, type PasswordVerifier } from "@elastic-gas/shared/accounts/passwords";
import { createUser, Email, makePassword } from "@elastic-gas/shared/accounts/users";
import { audit } from "@elastic-gas/shared/audit";
import type { Database } from "@elastic-gas/shared/database/connect";
import { Username } from "@elastic-gas/shared/username";
import { z } from "zod";
import type { Requester } from "../requester.ts";
import { invite } from "./invitations.ts";

export const NewAccount = z.strictObject({
  username: z.string("A user name is needed.").trim().pipe(Username),
  email: Email.nullish(),
  password: PagePassword.optional(),
  role: z.enum(["user", "viewer", "admin"]).default("user"),
});
export type NewAccount = z.infer<typeof NewAccount>;

export type CreatedAccount =
  | { readonly kind: "taken" }
  | { readonly kind: "invited"; readonly id: number; readonly email: string }
  /** `made`: the password, when nobody chose one; it is shown once. */
  | { readonly kind: "has a password"; readonly id: number; readonly made: string | undefined };

export interface CreateAccountDeps {
  readonly db: Database;
  readonly passwords: PasswordVerifier;
  readonly now: () => number;
}

/**
 * Creates an account. Who has an address is mailed a link to choose the password, unless one was chosen here; who has
 * none gets one that the administrator passes on.
 */
export async function createAccount(
  { db, passwords, now }: CreateAccountDeps,
  { username, email = null, password, role }: NewAccount,
  { actor, address }: Requester,
): Promise<CreatedAccount> {
  const isInvited = email !== null && password === undefined;
  const made = isInvited || password !== undefined ? undefined : makePassword();
  const chosen = password ?? made;
  const passwordHash = chosen === undefined ? null : await passwords.hash(chosen);
  const id = await db.transaction().execute(async (trx) => {
    const user = { username, passwordHash, email, isAdmin: role === "admin", isViewer: role === "viewer" };
    const userId = await createUser(trx, user);
    if (userId !== undefined && isInvited) await invite(trx, { userId, invitedBy: actor, now: new Date(now()) });
    return userId;
  });
  if (id === undefined) return { kind: "taken" };
  const detail = [role === "user" ? [] : role, isInvited ? `invited by mail to ${email}` : []].flat().join(", ");
  await audit(db, { actor, action: "user.create", target: username, address, ...(detail === "" ? {} : { detail }) });
  return isInvited ? { kind: "invited", id, email } : { kind: "has a password", id, made };
}
