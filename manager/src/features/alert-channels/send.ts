import type { SESv2Client } from "@aws-sdk/client-sesv2";
import { sendMail } from "@elastic-gas/shared/mail/send-mail";
import { AddressRefused, createGuardedAgent, type MayReach } from "@elastic-gas/shared/web/guarded-agent";
import { request } from "undici";
import { type Channel, shownTarget } from "./channels.ts";
import { chatPost } from "./chat.ts";
import { type AlertMessage, mailOf, type Sender, signatureOf, webhookOf } from "./message.ts";
import { retryAfterMs } from "./retry-after.ts";

export interface SendDeps {
  readonly ses: SESv2Client;
  readonly mailFrom: string;
  readonly sender: Sender;
  /** Which addresses may be reached: an argument, so that no setting can widen it. */
  readonly mayReach: MayReach;
  readonly now: () => number;
}

export interface SendResult {
  readonly kind: "sent" | "failed" | "refused";
  /** What the other side said, or why nothing was sent; no capital, no full stop. */
  readonly words: string;
  /** How long the other side asked to be left alone. */
  readonly retryAfterMs?: number | undefined;
}

const TIMEOUT_MS = 10_000;
const MOST_READ_BYTES = 10_000;
const SHOWN_CHARACTERS = 200;

/** Sends one message; never throws. `refused` means that trying again is useless. */
export async function sendToChannel(
  deps: SendDeps,
  channel: Channel,
  told: { readonly message: AlertMessage; readonly deliveryId: number },
): Promise<SendResult> {
  try {
    return channel.kind === "mail" ? await mail(deps, channel, told.message) : await post(deps, channel, told);
  } catch (error) {
    if (error instanceof AddressRefused) return { kind: "refused", words: `${error.address} is not a public address` };
    const why = error instanceof Error ? `${error.name}: ${error.message}`.replace(/[.\s]+$/, "") : "unknown error";
    return { kind: "failed", words: `${shownTarget(channel)} could not be reached (${why})`.slice(0, 500) };
  }
}

async function mail(
  { ses, mailFrom, sender }: SendDeps,
  { target }: Channel,
  message: AlertMessage,
): Promise<SendResult> {
  await sendMail(ses, { from: mailFrom, to: target, ...mailOf(message, sender) });
  return { kind: "sent", words: `the mail service took the mail to ${target}` };
}

async function post(
  { sender, mayReach, now }: SendDeps,
  channel: Channel,
  { message, deliveryId }: { readonly message: AlertMessage; readonly deliveryId: number },
): Promise<SendResult> {
  const { url, body } =
    channel.kind === "chat"
      ? chatPost(channel.target, message, sender)
      : { url: channel.target, body: webhookOf(message, sender, deliveryId) };
  const timestamp = Math.floor(now() / 1000);
  const signed =
    channel.secret === null
      ? {}
      : {
          "x-elastic-gas-timestamp": String(timestamp),
          "x-elastic-gas-signature": signatureOf(body, { secret: channel.secret, timestamp }),
        };
  const agent = createGuardedAgent({ mayReach, timeoutMs: TIMEOUT_MS, maxBytes: MOST_READ_BYTES });
  try {
    const answer = await request(url, {
      method: "POST",
      dispatcher: agent,
      signal: AbortSignal.timeout(TIMEOUT_MS),
      headers: { "content-type": "application/json", "user-agent": "elastic-gas", ...signed },
      body,
    });
    // An answer that is too long, or breaks off, has said enough with its status.
    const text = await answer.body.text().catch(() => "");
    const said = text.trim() === "" ? "" : ` “${text.trim().slice(0, SHOWN_CHARACTERS)}”`;
    const words = `${shownTarget(channel)} answered ${answer.statusCode}${said}`;
    if (answer.statusCode >= 200 && answer.statusCode < 300) return { kind: "sent", words };
    return { kind: "failed", words, retryAfterMs: retryAfterMs(answer.headers["retry-after"], now()) };
  } finally {
    await agent.destroy();
  }
}
