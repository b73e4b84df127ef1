import { EMAIL_CHANGE_MINUTES } from "@elastic-gas/shared/accounts/email-changes";
import { RESET_MINUTES } from "@elastic-gas/shared/accounts/password-links";
import { composeMail, type MailText } from "@elastic-gas/shared/mail/compose-mail";

/** Names the account in the mail only: the page must not tell whether there is one. */
export function resetMail(username: string, url: string): MailText {
  return composeMail({
    subject: "Elastic GAS: set a new password",
    paragraphs: [`Somebody, probably you, asked for a new password for the account ${username}.`],
    link: { label: `Set it within ${RESET_MINUTES} min (the link works once)`, url },
    notes: ["If it was not you, ignore this e-mail: your password stays as it is."],
  });
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
    paragraphs: [`The account ${username} asked to have its mail sent to this address.`],
    link: { label: `Confirm it within ${EMAIL_CHANGE_MINUTES} min (the link works once)`, url },
    notes: ["If you do not know this account, ignore this e-mail: nothing changes unless the link is opened."],
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
    paragraphs: [`The account ${username} no longer has an e-mail address; this is the last mail to this one.`],
    notes: ["If it was not you, change your password now and set the address again."],
  });
}

export function tokensEndMail(
  username: string,
  tokens: readonly { readonly name: string; readonly endsAt: string; readonly url: string }[],
): MailText {
  const [first] = tokens;
  return composeMail({
    subject: tokens.length === 1 ? `Elastic GAS: the API token ${first?.name} ends` : "Elastic GAS: API tokens end",
    paragraphs: [
      `These API tokens of the account ${username} end soon. Scripts that use them are refused from then on.`,
      ...tokens.map(({ name, endsAt, url }) => `${name}: ${endsAt}. A new one is made at ${url}`),
    ],
  });
}
