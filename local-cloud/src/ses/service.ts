import { randomUUID } from "node:crypto";
import { join } from "node:path";
import type * as Ses from "@aws-sdk/client-sesv2";
import { BadRequestException, MessageRejected, type SendEmailCommandInput } from "@aws-sdk/client-sesv2";
import type { Logger } from "@elastic-gas/shared/logger";
import type { HandlersOf } from "../wire/handler.ts";
import { mailPage } from "./mail-page.ts";
import { addressOf, type Mail, Mailbox } from "./mailbox.ts";
import { parseMessage } from "./mime.ts";

export interface SesOptions {
  /** The service makes its own folder `ses` in it. */
  readonly dataDir: string;
  readonly log: Logger;
  readonly now?: () => Date;
}

const MAX_RECIPIENTS = 50; // https://docs.aws.amazon.com/ses/latest/dg/quotas.html

/** SES that delivers into a mailbox on this machine, which `/_mail` shows. */
export function createSesService({ dataDir, log, now = () => new Date() }: SesOptions) {
  const mailbox = new Mailbox(join(dataDir, "ses"));
  const handlers: HandlersOf<typeof Ses, "SendEmail"> = {
    async SendEmail(input) {
      const id = randomUUID();
      const mail = { ...readMail(input), id, sentAt: now().toISOString() };
      mailbox.add(mail);
      log.info({ messageId: id, to: mail.to }, "mail captured");
      return { MessageId: id };
    },
  };
  return { handlers, page: mailPage(mailbox), close: () => mailbox.close() };
}

/** The mail that a request means; throws what SES answers to one that it would not send. */
function readMail({ Content, Destination, FromEmailAddress }: SendEmailCommandInput): Omit<Mail, "id" | "sentAt"> {
  const given = [Destination?.ToAddresses, Destination?.CcAddresses, Destination?.BccAddresses].flatMap(
    (list) => list ?? [],
  );
  if (Content?.Template) throw badRequest("Templates are not implemented by local-cloud.");
  if (Content?.Raw) {
    const parsed = parseMessage(Content.Raw.Data ?? new Uint8Array());
    return checked({ ...parsed, from: FromEmailAddress ?? parsed.from, to: given.length > 0 ? given : [...parsed.to] });
  }
  const { Subject, Body } = Content?.Simple ?? {};
  if (Subject?.Data === undefined || (Body?.Text?.Data === undefined && Body?.Html?.Data === undefined)) {
    throw badRequest("A simple message needs a subject and a text or HTML body.");
  }
  return checked({
    from: FromEmailAddress ?? "",
    to: given,
    subject: Subject.Data,
    text: Body.Text?.Data ?? "",
    html: Body.Html?.Data ?? "",
  });
}

function checked(mail: Omit<Mail, "id" | "sentAt">): Omit<Mail, "id" | "sentAt"> {
  if (mail.to.length === 0) throw badRequest("Destination must have at least one recipient.");
  if (mail.to.length > MAX_RECIPIENTS) throw badRequest(`Recipient count exceeds ${MAX_RECIPIENTS}.`);
  const wrong = [mail.from, ...mail.to].find((address) => !/^[^\s@]+@[^\s@]+$/.test(addressOf(address)));
  if (wrong !== undefined) throw badRequest(`Missing or malformed address: "${wrong}".`);
  if (/[\r\n]/.test(mail.subject))
    throw new MessageRejected({ message: "The subject contains a line break.", $metadata: {} });
  return mail;
}

function badRequest(message: string): BadRequestException {
  return new BadRequestException({ message, $metadata: {} });
}
