import { EMAIL_CHANGE_MINUTES } from "../accounts/email-changes.ts";
import { RESET_MINUTES, type ResetMail } from "../accounts/password-links.ts";
import { composeMail, type MailText } from "./compose-mail.ts";

/** Names the account in the mail only: the page must not tell whether there is one. */
export function resetMail({ username, email, token }: ResetMail, appUrl: string): MailText & { readonly to: string } {
  return {
    to: email,
    ...composeMail({
      subject: "Elastic GAS: set a new password",
      paragraphs: [`Somebody, probably you, asked for a new password for the account ${username}.`],
      link: {
        label: `Set it within ${RESET_MINUTES} min (the link works once)`,
        url: `${appUrl}/reset/${token}`,
      },
      notes: ["If it was not you, ignore this e-mail: your password stays as it is."],
    }),
  };
}

/** For somebody whose password is set in the manager, and who asked in user-app. */
export function resetElsewhereMail(username: string, managerUrl: string): MailText {
  return composeMail({
    subject: "Elastic GAS: set a new password in the manager",
    paragraphs: [
      `Somebody, probably you, asked for a new password for the account ${username}.`,
      "This account may use the manager, so its password is set there.",
    ],
    link: { label: "Ask for a link in the manager", url: `${managerUrl}/forgot` },
    notes: ["If it was not you, ignore this e-mail: your password stays as it is."],
  });
}

const IF_NOT_YOU =
  "If it was not you, change your password now: that also ends the link. Ask an administrator if you cannot sign in.";

export function confirmationMail(username: string, url: string): MailText {
  return composeMail({
    subject: "Elastic GAS: confirm your new address",
    paragraphs: [`The account ${username} wants to get its mail at this address.`],
    link: { label: `Confirm it within ${EMAIL_CHANGE_MINUTES} min (the link works once)`, url },
    notes: ["If you do not know this account, nothing needs to be done: without you nothing changes."],
  });
}

export function askedMail(username: string, email: string): MailText {
  return composeMail({
    subject: "Elastic GAS: a new address was asked for",
    paragraphs: [
      `Somebody who knows its password, probably you, wants the mail of the account ${username} to go to ${email}.`,
      "This address stays in use until the new one is confirmed.",
    ],
    notes: [IF_NOT_YOU],
  });
}

export function changedMail(username: string, email: string): MailText {
  return composeMail({
    subject: "Elastic GAS: your address was changed",
    paragraphs: [`The mail of the account ${username} goes to ${email} from now on, and no longer to this address.`],
    notes: ["If it was not you, ask an administrator for help."],
  });
}

export function removedMail(username: string): MailText {
  return composeMail({
    subject: "Elastic GAS: your address was removed",
    paragraphs: [`The account ${username} has no e-mail address any more; this is the last mail to this one.`],
    notes: ["If it was not you, change your password now and set the address again."],
  });
}
