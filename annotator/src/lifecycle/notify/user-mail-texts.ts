import { formatDuration } from "@elastic-gas/shared/format/durations";
import { composeMail, type MailText } from "@elastic-gas/shared/mail/compose-mail";
import { mailTime } from "@elastic-gas/shared/mail/mail-time";
import type { UserMailDetail } from "@elastic-gas/shared/mail/user-mails";

export interface UserMailContext {
  /** Address of user-app without a trailing slash. */
  readonly baseUrl: string;
  readonly timeZone: string;
  /** Of a Free user's results. */
  readonly retentionSeconds: number;
}

/** Names in one mail; the others are counted. */
const NAMED = 10;

/** One mail about all that were put for a user lately. */
export function restoredMail(
  results: readonly UserMailDetail<"result-restored">[],
  { baseUrl }: UserMailContext,
): MailText {
  const [first] = results;
  if (first !== undefined && results.length === 1) {
    return composeMail({
      subject: `Your result for ${first.inputName} is available again`,
      paragraphs: [`The archived result for ${first.inputName} has been restored. You can download it again.`],
      link: { label: `Job ${first.jobId}`, url: `${baseUrl}/annotations/${first.jobId}` },
    });
  }
  const names = results.slice(0, NAMED).map(({ inputName }) => inputName);
  const others = results.length - names.length;
  return composeMail({
    subject: `${results.length} of your results are available again`,
    paragraphs: [
      `${results.length} archived results have been restored. You can download them again.`,
      `${names.join(", ")}${others > 0 ? ` and ${others} more` : ""}`,
    ],
    link: { label: "Your annotations", url: `${baseUrl}/annotations` },
  });
}

export function paymentFailedMail(
  { amount, currency, nextTryAt }: UserMailDetail<"payment-failed">,
  { baseUrl, timeZone, retentionSeconds }: UserMailContext,
): MailText {
  return composeMail({
    subject: "Your payment for Premium failed",
    paragraphs: [
      `${formatMoney(amount, currency)} for Premium could not be charged.`,
      nextTryAt === null
        ? `We will not try again. When Premium ends, ${whatEnds(retentionSeconds)}`
        : `We will try again on ${mailTime(new Date(nextTryAt), timeZone)}. Check your card before then to stay on Premium.`,
    ],
    link: { label: "Check the payment", url: `${baseUrl}/profile` },
  });
}

export function periodEndsMail(
  { endsAt, isCancelled }: { readonly endsAt: Date; readonly isCancelled: boolean },
  { baseUrl, timeZone, retentionSeconds }: UserMailContext,
): MailText {
  const at = mailTime(endsAt, timeZone);
  return isCancelled
    ? composeMail({
        subject: "Your Premium ends within a day",
        paragraphs: [
          `You cancelled Premium. It ends on ${at}, and you will not be charged again.`,
          `Then ${whatEnds(retentionSeconds)}`,
        ],
        link: { label: "Keep Premium", url: `${baseUrl}/profile` },
      })
    : composeMail({
        subject: "Your Premium renews within a day",
        paragraphs: [
          `The week you paid for lasts until ${at}. Then Premium renews, and you are charged for the next week.`,
          "To stay on Premium you need not do anything. To leave it, cancel before then.",
        ],
        link: { label: "Your plan", url: `${baseUrl}/profile` },
      });
}

function whatEnds(retentionSeconds: number): string {
  return `results older than ${formatDuration(retentionSeconds)} are archived. Their logs and summaries stay available, and upgrading again restores them.`;
}

/**
 * https://docs.stripe.com/currencies#zero-decimal: the smallest unit of most currencies is a hundredth, of some the
 * whole.
 */
function formatMoney(amount: number, currency: string): string {
  const format = new Intl.NumberFormat("en-US", { style: "currency", currency });
  const digits = format.resolvedOptions().maximumFractionDigits ?? 2;
  return format.format(amount / 10 ** digits);
}
