import type { SESv2Client } from "@aws-sdk/client-sesv2";
import type { Config } from "@elastic-gas/shared/config";
import type { MailText } from "@elastic-gas/shared/mail/compose-mail";
import { sendMail } from "@elastic-gas/shared/mail/send-mail";
import type { Background } from "@elastic-gas/shared/web/background";

export type AddressedMail = MailText & { readonly to: string };

/** Makes mails and sends them, after the answer. A failure is logged. */
export type MailInBackground = (make: () => Promise<readonly AddressedMail[]>) => void;

export function createMailInBackground(
  { start }: Background,
  { ses, config }: { readonly ses: SESv2Client; readonly config: Pick<Config, "MAIL_FROM"> },
): MailInBackground {
  return (make) =>
    start("mail about an account", async () => {
      for (const mail of await make()) await sendMail(ses, { from: config.MAIL_FROM, ...mail });
    });
}
