import { createHmac } from "node:crypto";
import { composeMail, type MailText } from "@elastic-gas/shared/mail/compose-mail";
import { mailTime } from "@elastic-gas/shared/mail/mail-time";
import { z } from "zod";
import { ALERT_EVENT_NAMES } from "../../model/alerts/alert-events.ts";

/** What a channel is told, as it is stored until it was sent. */
export const AlertMessage = z.object({
  event: z.enum(ALERT_EVENT_NAMES),
  phase: z.enum(["raised", "cleared"]),
  /** One line: what happened. */
  title: z.string(),
  /** Why, with the numbers, and what to do. */
  text: z.string(),
  /** Epoch milliseconds. */
  at: z.number(),
});
export type AlertMessage = z.infer<typeof AlertMessage>;

export interface Sender {
  /** Names the installation in every message. */
  readonly prefix: string;
  readonly timeZone: string;
  /** Of the manager's pages, without a slash at the end. */
  readonly managerUrl: string;
}

export function titleOf({ phase, title }: Pick<AlertMessage, "phase" | "title">): string {
  return phase === "cleared" ? `Over: ${title}` : title;
}

export function mailOf(message: AlertMessage, { prefix, timeZone, managerUrl }: Sender): MailText {
  return composeMail({
    subject: `[${prefix}] ${titleOf(message)}`.slice(0, 200),
    paragraphs: [titleOf(message), message.text].filter((part) => part !== ""),
    link: { label: "All alerts", url: `${managerUrl}/alerts` },
    notes: [mailTime(new Date(message.at), timeZone)],
  });
}

export function webhookOf(message: AlertMessage, { prefix, managerUrl }: Sender, deliveryId: number): string {
  return JSON.stringify({
    id: deliveryId,
    installation: prefix,
    event: message.event,
    phase: message.phase,
    title: message.title,
    text: message.text,
    at: new Date(message.at).toISOString(),
    url: `${managerUrl}/alerts`,
  });
}

/** HMAC-SHA256 over `<timestamp>.<body>`: the receiver knows who sent it, and refuses what is old. */
export function signatureOf(
  body: string,
  { secret, timestamp }: { readonly secret: string; readonly timestamp: number },
) {
  return `sha256=${createHmac("sha256", secret).update(`${timestamp}.${body}`).digest("hex")}`;
}
