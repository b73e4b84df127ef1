import { endChange, makeRequestedChange } from "@elastic-gas/shared/accounts/email-changes";
import { hashToken } from "@elastic-gas/shared/accounts/mailed-token";
import { endRequest, makeRequestedLink, removeLink } from "@elastic-gas/shared/accounts/password-links";
import { managerUrl, userAppUrl } from "@elastic-gas/shared/config";
import { type ComposedMail, type DueMail, sendUserMails } from "@elastic-gas/shared/mail/send-user-mails";
import { USER_MAIL_DETAILS } from "@elastic-gas/shared/mail/user-mails";
import {
  askedMail,
  changedMail,
  confirmationMail,
  removedMail,
  resetElsewhereMail,
  resetMail,
} from "./account-mail-texts.ts";
import { composeTokensEnd } from "./ending-tokens.ts";
import { composeInvitation, type InvitationDeps } from "./invitations.ts";

const KINDS = [
  "invitation",
  "password-reset",
  "reset-in-manager",
  "confirm-address",
  "address-notice",
  "tokens-end",
] as const;
type AccountMail = DueMail<(typeof KINDS)[number]>;

/**
 * Sends what is due about accounts of both apps. Each link is made when its mail is sent: no table ever holds one, and
 * its time begins when it can be used. Returns how many mails went out.
 */
export async function sendAccountMails(deps: InvitationDeps): Promise<number> {
  return sendUserMails({
    ...deps,
    sender: "manager",
    kinds: KINDS,
    compose: (mails) => compose(deps, mails),
  });
}

async function compose(
  deps: InvitationDeps,
  mails: readonly [AccountMail, ...AccountMail[]],
): Promise<ComposedMail | undefined> {
  // The last of several of one kind is the one that is still meant; tokens are several.
  const { userId, kind, detail } = mails.at(-1) ?? mails[0];
  const { db, config } = deps;
  const now = new Date(deps.now());
  const appUrl = (mayUseManager: boolean) => (mayUseManager ? managerUrl(config) : userAppUrl(config));
  switch (kind) {
    case "invitation":
      return composeInvitation(deps, userId, detail);
    case "password-reset": {
      const { request } = USER_MAIL_DETAILS[kind].parse(detail);
      const link = await makeRequestedLink(db, { request, now });
      if (link === undefined) return undefined;
      const { username, mayUseManager, token } = link;
      return {
        ...resetMail(username, `${appUrl(mayUseManager)}/reset/${token}`),
        whenTried: (isSent) => (isSent ? endRequest(db, { request, now }) : removeLink(db, token)),
      };
    }
    case "confirm-address": {
      const { request } = USER_MAIL_DETAILS[kind].parse(detail);
      const link = await makeRequestedChange(db, { request, now });
      if (link === undefined) return undefined;
      const { username, mayUseManager, token } = link;
      return {
        ...confirmationMail(username, `${appUrl(mayUseManager)}/email/${token}`),
        whenTried: (isSent) => endChange(db, { tokenHash: isSent ? request : hashToken(token), now }),
      };
    }
    case "reset-in-manager":
      return resetElsewhereMail(await usernameOf(deps, userId), managerUrl(config));
    case "tokens-end":
      return composeTokensEnd(deps, mails);
    case "address-notice": {
      const { change, email } = USER_MAIL_DETAILS[kind].parse(detail);
      const username = await usernameOf(deps, userId);
      if (change === "removed" || email === null) return removedMail(username);
      return change === "asked" ? askedMail(username, email) : changedMail(username, email);
    }
  }
}

async function usernameOf({ db }: InvitationDeps, userId: number): Promise<string> {
  const user = await db.selectFrom("users").select("username").where("id", "=", userId).executeTakeFirstOrThrow();
  return user.username;
}
