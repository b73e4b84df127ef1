import type { User } from "@elastic-gas/shared/accounts/users";
import { audit } from "@elastic-gas/shared/audit";
import type { Role } from "@elastic-gas/shared/database/tables";
import type { Outcome } from "../feature-deps.ts";
import type { Requester } from "../requester.ts";
import { inviteAgain } from "./invitations.ts";
import { type PlanDeps, setPlan } from "./users.ts";

export interface UserActionDeps extends PlanDeps {
  readonly now: () => number;
}

/** Mails another link to somebody who has not set a password yet. */
export async function sendInvitationAgain(
  { db, now }: UserActionDeps,
  { id, username, email }: User,
  { actor, address }: Requester,
): Promise<Outcome> {
  if (!(await inviteAgain(db, { userId: id, invitedBy: actor, now: new Date(now()) }))) {
    return { done: false, sentence: `${username} was not invited, or has a password already.` };
  }
  await audit(db, { actor, action: "user.invite", target: username, address });
  return { done: true, sentence: `Another link for ${username} is on its way to ${email}. Older ones end.` };
}

/** Gives Premium without a payment, or takes it away with what Stripe charges for. */
export async function changePlan(
  deps: UserActionDeps,
  { user, role }: { readonly user: User; readonly role: Role },
  { actor, address }: Requester,
): Promise<Outcome> {
  await setPlan(deps, user.id, role, new Date(deps.now()));
  await audit(deps.db, { actor, action: "user.role", target: user.username, detail: role, address });
  const sentence =
    role === "premium_user"
      ? `${user.username} is Premium now, without a payment. Archived results are being restored.`
      : `${user.username} is Free now. Nothing is charged any more; results past the retention are archived.`;
  return { done: true, sentence };
}
