import { type SESv2Client, SendEmailCommand } from "@aws-sdk/client-sesv2";
import type { MailText } from "./compose-mail.ts";

export interface Mail extends MailText {
  readonly from: string;
  readonly to: string;
}

/** Sends one mail, as text and as HTML; whoever reads it sees one of them. */
export async function sendMail(ses: SESv2Client, { from, to, subject, text, html }: Mail): Promise<void> {
  const utf8 = (Data: string) => ({ Data, Charset: "UTF-8" });
  await ses.send(
    new SendEmailCommand({
      FromEmailAddress: from,
      Destination: { ToAddresses: [to] },
      Content: { Simple: { Subject: utf8(subject), Body: { Text: utf8(text), Html: utf8(html) } } },
    }),
  );
}
