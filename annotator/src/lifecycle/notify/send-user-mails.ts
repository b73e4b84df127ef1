import { audit } from "@elastic-gas/shared/accounts/audit";
import { userAppUrl } from "@elastic-gas/shared/config";
import type { Database } from "@elastic-gas/shared/database/connect";
import type { UserMailKind } from "@elastic-gas/shared/database/tables";
import type { MailText } from "@elastic-gas/shared/mail/compose-mail";
import { sendMail } from "@elastic-gas/shared/mail/send-mail";
import { putUserMail, USER_MAIL_DETAILS } from "@elastic-gas/shared/mail/user-mails";
import { messageOf } from "@elastic-gas/shared/reliability/after-failure";
import { isTransient } from "@elastic-gas/shared/reliability/transient";
import { sql } from "kysely";
import type { NotifyDeps } from "./notify-owner.ts";
import { paymentFailedMail, periodEndsMail, restoredMail, type UserMailContext } from "./user-mail-texts.ts";

/** Stripe's words for a subscription whose period has a price. */
const PAID = ["active", "trialing"];
const PERIOD_NOTICE_HOURS = 24;
const AT_ONCE = 500;
/** Longer than the mail service may take for one round's mails of one user. */
const CLAIM_SECONDS = 60;
const KEEP_DAYS = 30;
/** One mail that fails holds up nobody else's; several mean that the service is away. */
const GIVE_UP_AFTER = 3;

const NOW = sql<Date>`utc_timestamp(3)`;

interface DueMail {
  readonly id: number;
  readonly userId: number;
  readonly kind: UserMailKind;
  readonly detail: unknown;
}

/**
 * Sends what is due to users, all of one kind to one user in one mail. A mail service that is away delays them; an
 * address that it refuses for good is told in the audit log. Returns how many mails went out.
 */
export async function sendUserMails(deps: NotifyDeps): Promise<number> {
  const { db } = deps;
  await putPeriodEnds(db);
  await db
    .deleteFrom("userMails")
    .where("sentAt", "<", sql<Date>`utc_timestamp(3) - interval ${sql.lit(KEEP_DAYS)} day`)
    .limit(AT_ONCE)
    .execute();
  let sent = 0;
  const failures: unknown[] = [];
  for (const group of Map.groupBy(await listDue(db), ({ userId, kind }) => `${userId} ${kind}`).values()) {
    try {
      if (await sendOne(deps, await claim(db, group))) sent += 1;
    } catch (error) {
      failures.push(error);
      if (failures.length === GIVE_UP_AFTER) break;
    }
  }
  if (failures.length > 0) throw failures[0];
  return sent;
}

/** The mail about each paid period that ends within a day. */
async function putPeriodEnds(db: Database): Promise<void> {
  const ending = await db
    .selectFrom("subscriptions")
    .select(["id", "userId", "currentPeriodEnd"])
    .where("status", "in", PAID)
    .where("currentPeriodEnd", ">", NOW)
    .where("currentPeriodEnd", "<", sql<Date>`utc_timestamp(3) + interval ${sql.lit(PERIOD_NOTICE_HOURS)} hour`)
    .execute();
  for (const { id: subscriptionId, userId, currentPeriodEnd } of ending) {
    const endsAt = currentPeriodEnd?.toISOString();
    if (endsAt === undefined) continue;
    const about = `${subscriptionId} ${endsAt}`;
    await putUserMail(db, { userId, kind: "period-ends", about, detail: { subscriptionId, endsAt } });
  }
}

function listDue(db: Database): Promise<readonly DueMail[]> {
  return db
    .selectFrom("userMails")
    .select(["id", "userId", "kind", "detail"])
    .where("sentAt", "is", null)
    .where("dueAt", "<=", NOW)
    .where((row) => row.or([row("claimedUntil", "is", null), row("claimedUntil", "<", NOW)]))
    .orderBy("dueAt")
    .limit(AT_ONCE)
    .execute();
}

/** Those of the mails that no other process is sending; they are this one's for a while. */
async function claim(db: Database, mails: readonly DueMail[]): Promise<readonly DueMail[]> {
  return db.transaction().execute(async (trx) => {
    const rows = await trx
      .selectFrom("userMails")
      .select("id")
      .where("id", "in", idsOf(mails))
      .where("sentAt", "is", null)
      .where((row) => row.or([row("claimedUntil", "is", null), row("claimedUntil", "<", NOW)]))
      .forUpdate()
      .skipLocked()
      .execute();
    const mine = new Set(rows.map(({ id }) => id));
    if (mine.size === 0) return [];
    await trx
      .updateTable("userMails")
      .set({ claimedUntil: sql<Date>`utc_timestamp(3) + interval ${sql.lit(CLAIM_SECONDS)} second` })
      .where("id", "in", [...mine])
      .execute();
    return mails.filter(({ id }) => mine.has(id));
  });
}

async function sendOne(deps: NotifyDeps, mails: readonly DueMail[]): Promise<boolean> {
  const { db, ses, log, config } = deps;
  const [first] = mails;
  if (first === undefined) return false;
  const { userId, kind } = first;
  const user = await db.selectFrom("users").select("email").where("id", "=", userId).executeTakeFirst();
  const text = await textOf(deps, kind, mails);
  const to = user?.email ?? "";
  if (text === undefined || to === "") {
    await markSent(db, mails);
    return false;
  }
  try {
    await sendMail(ses, { from: config.MAIL_FROM, to, ...text });
  } catch (error) {
    if (isTransient(error)) {
      await db.updateTable("userMails").set({ claimedUntil: null }).where("id", "in", idsOf(mails)).execute();
      throw error;
    }
    log.error({ userId, kind, err: error }, "mail refused for good");
    await audit(db, { actor: "notify", action: "mail.refused", target: `user ${userId}`, detail: messageOf(error) });
    await markSent(db, mails);
    return false;
  }
  await markSent(db, mails);
  log.info({ userId, kind, about: mails.length }, "user mailed");
  return true;
}

/** Undefined: what it would say is not so any more. */
async function textOf(
  { db, config }: NotifyDeps,
  kind: UserMailKind,
  mails: readonly DueMail[],
): Promise<MailText | undefined> {
  const context: UserMailContext = {
    baseUrl: userAppUrl(config),
    timeZone: config.DISPLAY_TIME_ZONE,
    retentionSeconds: config.FREE_RETENTION_SECONDS,
  };
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

async function markSent(db: Database, mails: readonly DueMail[]): Promise<void> {
  await db.updateTable("userMails").set({ sentAt: NOW }).where("id", "in", idsOf(mails)).execute();
}

function idsOf(mails: readonly DueMail[]): number[] {
  return mails.map(({ id }) => id);
}
