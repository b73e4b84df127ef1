import { userAppUrl } from "@elastic-gas/shared/config";
import type { Database } from "@elastic-gas/shared/database/connect";
import type { MailText } from "@elastic-gas/shared/mail/compose-mail";
import { type DueMail, sendUserMails } from "@elastic-gas/shared/mail/send-user-mails";
import { putUserMail, USER_MAIL_DETAILS } from "@elastic-gas/shared/mail/user-mails";
import { sql } from "kysely";
import type { NotifyDeps } from "./notify-owner.ts";
import { paymentFailedMail, periodEndsMail, restoredMail, type UserMailContext } from "./user-mail-texts.ts";

/** Invitations are the manager's: only it may make links that set a password. */
const KINDS = ["result-restored", "payment-failed", "period-ends"] as const;
/** Stripe's words for a subscription whose period has a price. */
const PAID = ["active", "trialing"];
const PERIOD_NOTICE_HOURS = 24;

/** Sends what is due to users about their results and their plan. Returns how many mails went out. */
export async function sendAccountMails(deps: NotifyDeps): Promise<number> {
  await putPeriodEnds(deps.db);
  return sendUserMails({ ...deps, sender: "notify", kinds: KINDS, compose: (mails) => textOf(deps, mails) });
}

/** The mail about each paid period that ends within a day. */
async function putPeriodEnds(db: Database): Promise<void> {
  const ending = await db
    .selectFrom("subscriptions")
    .select(["id", "userId", "currentPeriodEnd"])
    .where("status", "in", PAID)
    .where("currentPeriodEnd", ">", sql<Date>`utc_timestamp(3)`)
    .where("currentPeriodEnd", "<", sql<Date>`utc_timestamp(3) + interval ${sql.lit(PERIOD_NOTICE_HOURS)} hour`)
    .execute();
  for (const { id: subscriptionId, userId, currentPeriodEnd } of ending) {
    const endsAt = currentPeriodEnd?.toISOString();
    if (endsAt === undefined) continue;
    const about = `${subscriptionId} ${endsAt}`;
    await putUserMail(db, { userId, kind: "period-ends", about, detail: { subscriptionId, endsAt } });
  }
}

async function textOf(
  { db, config }: NotifyDeps,
  mails: readonly [DueMail<(typeof KINDS)[number]>, ...DueMail[]],
): Promise<MailText | undefined> {
  const context: UserMailContext = {
    baseUrl: userAppUrl(config),
    timeZone: config.DISPLAY_TIME_ZONE,
    retentionSeconds: config.FREE_RETENTION_SECONDS,
  };
  const { kind } = mails[0];
  const last = mails.at(-1)?.detail;
  switch (kind) {
    case "result-restored":
      return restoredMail(
        mails.map(({ detail }) => USER_MAIL_DETAILS[kind].parse(detail)),
        context,
      );
    case "payment-failed":
      return paymentFailedMail(USER_MAIL_DETAILS[kind].parse(last), context);
    case "period-ends": {
      const { subscriptionId, endsAt } = USER_MAIL_DETAILS[kind].parse(last);
      const subscription = await db
        .selectFrom("subscriptions")
        .select(["status", "currentPeriodEnd", "cancelAtPeriodEnd"])
        .where("id", "=", subscriptionId)
        .executeTakeFirst();
      const isSo = subscription?.currentPeriodEnd?.toISOString() === endsAt && PAID.includes(subscription.status);
      if (!isSo) return undefined;
      return periodEndsMail({ endsAt: new Date(endsAt), isCancelled: subscription.cancelAtPeriodEnd }, context);
    }
  }
}
