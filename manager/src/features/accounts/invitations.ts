import { randomUUID } from "node:crypto";
import type { SESv2Client } from "@aws-sdk/client-sesv2";
import { ALL_ACCOUNTS } from "@elastic-gas/shared/accounts/account-tables";
import { endOlderLinks, makePasswordLink, removeLink } from "@elastic-gas/shared/accounts/password-links";
import { type Config, managerUrl, userAppUrl } from "@elastic-gas/shared/config";
import type { Database } from "@elastic-gas/shared/database/connect";
import type { Tables } from "@elastic-gas/shared/database/tables";
import type { Logger } from "@elastic-gas/shared/logger";
import { composeMail, type MailText } from "@elastic-gas/shared/mail/compose-mail";
import { mailTime } from "@elastic-gas/shared/mail/mail-time";
import type { ComposedMail } from "@elastic-gas/shared/mail/send-user-mails";
import { putUserMail, USER_MAIL_DETAILS } from "@elastic-gas/shared/mail/user-mails";
import type { Transaction } from "kysely";

/** How long the link of an invitation works. */
export const INVITATION_HOURS = 72;

export interface InvitationDeps {
  readonly db: Database;
  readonly ses: SESv2Client;
  readonly log: Logger;
  readonly config: Pick<
    Config,
    "CLOUD" | "MAIL_FROM" | "DISPLAY_TIME_ZONE" | "PUBLIC_URL" | "PUBLIC_HOST" | "LB_PORT" | "MANAGER_PORT"
  >;
  readonly now: () => number;
}

/** Has a user asked by mail to set a first password. */
export async function invite(
  trx: Transaction<Tables>,
  { userId, invitedBy, now }: { readonly userId: number; readonly invitedBy: string; readonly now: Date },
): Promise<void> {
  await trx.updateTable("users").set({ invitedAt: now }).where("id", "=", userId).execute();
  await putUserMail(trx, { userId, kind: "invitation", about: `${userId} ${randomUUID()}`, detail: { invitedBy } });
}

/** Invites once more. False when the user has set a password in the meantime, or was never invited. */
export async function inviteAgain(
  db: Database,
  invitation: { readonly userId: number; readonly invitedBy: string; readonly now: Date },
): Promise<boolean> {
  return db.transaction().execute(async (trx) => {
    const invited = await trx
      .selectFrom("users")
      .select("id")
      .where("id", "=", invitation.userId)
      .where("invitedAt", "is not", null)
      .forUpdate()
      .executeTakeFirst();
    if (invited === undefined) return false;
    await invite(trx, invitation);
    return true;
  });
}

/** The mail with a new link; undefined: the user has set a password meanwhile. */
export async function composeInvitation(
  { db, config, now }: InvitationDeps,
  userId: number,
  detail: unknown,
): Promise<ComposedMail | undefined> {
  const expiresAt = new Date(now() + INVITATION_HOURS * 3_600_000);
  const made = await db.transaction().execute(async (trx) => {
    // Under the lock of the row: a link made after the first password was set would open an account that is in use.
    const user = await trx
      .selectFrom("users")
      .select(["username", "isAdmin", "isViewer"])
      .where("id", "=", userId)
      .where("invitedAt", "is not", null)
      .forUpdate()
      .executeTakeFirst();
    return user === undefined
      ? undefined
      : { user, token: await makePasswordLink(trx, ALL_ACCOUNTS, { userId, expiresAt }) };
  });
  if (made === undefined) return undefined;
  const { user, token } = made;
  // The password of who may use the manager is set there.
  const appUrl = user.isAdmin || user.isViewer ? managerUrl(config) : userAppUrl(config);
  return {
    ...invitationMail({
      username: user.username,
      invitedBy: USER_MAIL_DETAILS.invitation.parse(detail).invitedBy,
      url: `${appUrl}/reset/${token}`,
      expires: mailTime(expiresAt, config.DISPLAY_TIME_ZONE),
      userAppUrl: user.isAdmin || user.isViewer ? userAppUrl(config) : undefined,
    }),
    whenTried: (isSent) =>
      isSent ? endOlderLinks(db, { userId, token, now: new Date(now()) }) : removeLink(db, token),
  };
}

interface InvitationText {
  readonly username: string;
  readonly invitedBy: string;
  readonly url: string;
  readonly expires: string;
  /** For those whose link opens the manager. */
  readonly userAppUrl: string | undefined;
}

function invitationMail({ username, invitedBy, url, expires, userAppUrl: userApp }: InvitationText): MailText {
  return composeMail({
    subject: "Elastic GAS: your account",
    paragraphs: [
      `${invitedBy} created an account for you. Your user name is ${username}.`,
      `Choose a password before ${expires}. The link works once.`,
    ],
    link: { label: "Choose a password", url },
    notes: [
      ...(userApp === undefined ? [] : [`The link opens the manager. The same password signs you in to ${userApp}/`]),
      "If you did not expect this e-mail, you can ignore it.",
    ],
  });
}

/** Where an invitation stands that was not accepted yet. */
export type InvitationState =
  | { readonly kind: "mail is on its way" }
  | { readonly kind: "open"; readonly until: number }
  | { readonly kind: "expired"; readonly at: number }
  | { readonly kind: "not delivered" };

/** `linkUntil`: when the newest unused link ends; null when there is none. */
export function invitationState({
  isMailWaiting,
  linkUntil,
  now,
}: {
  readonly isMailWaiting: boolean;
  readonly linkUntil: number | null;
  readonly now: number;
}): InvitationState {
  if (isMailWaiting) return { kind: "mail is on its way" };
  if (linkUntil === null) return { kind: "not delivered" };
  return linkUntil > now ? { kind: "open", until: linkUntil } : { kind: "expired", at: linkUntil };
}
