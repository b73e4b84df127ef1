import type { SESv2Client } from "@aws-sdk/client-sesv2";
import { sql } from "kysely";
import { audit } from "../audit.ts";
import type { Config } from "../config.ts";
import type { Database } from "../database/connect.ts";
import type { UserMailKind } from "../database/tables.ts";
import type { Logger } from "../logger.ts";
import { messageOf } from "../reliability/after-failure.ts";
import { isTransient } from "../reliability/transient.ts";
import type { MailText } from "./compose-mail.ts";
import { sendMail } from "./send-mail.ts";

export interface DueMail<Kind extends UserMailKind = UserMailKind> {
  readonly id: number;
  readonly userId: number;
  readonly kind: Kind;
  readonly detail: unknown;
  /** Null: the user's own address. */
  readonly recipient: string | null;
}

export interface ComposedMail extends MailText {
  /** Told what became of it: whether the mail service took it. */
  readonly whenTried?: (isSent: boolean) => Promise<void>;
}

export interface SendUserMailsDeps<Kind extends UserMailKind> {
  readonly db: Database;
  readonly ses: SESv2Client;
  readonly log: Logger;
  readonly config: Pick<Config, "MAIL_FROM">;
  /** The part that sends, for the audit log. */
  readonly sender: string;
  /** The kinds that this process sends. */
  readonly kinds: readonly Kind[];
  /** One mail for all mails of a kind to one address of a user; undefined: what it would say is not so any more. */
  readonly compose: (mails: readonly [DueMail<Kind>, ...DueMail<Kind>[]]) => Promise<ComposedMail | undefined>;
}

const AT_ONCE = 500;
/** Longer than the mail service may take for one round's mails of one user. */
const CLAIM_SECONDS = 60;
const KEEP_DAYS = 30;
/** One mail that fails holds up nobody else's; several mean that the service is away. */
const GIVE_UP_AFTER = 3;

const NOW = sql<Date>`utc_timestamp(3)`;

/**
 * Sends what is due to users, all of one kind to one address in one mail. A mail service that is away delays them; an
 * address that it refuses for good is told in the audit log. Returns how many mails went out.
 */
export async function sendUserMails<Kind extends UserMailKind>(deps: SendUserMailsDeps<Kind>): Promise<number> {
  const { db, kinds } = deps;
  await db
    .deleteFrom("userMails")
    .where("kind", "in", kinds)
    .where("sentAt", "<", sql<Date>`utc_timestamp(3) - interval ${sql.lit(KEEP_DAYS)} day`)
    .limit(AT_ONCE)
    .execute();
  let sent = 0;
  const failures: unknown[] = [];
  for (const group of Map.groupBy(
    await listDue(db, kinds),
    ({ userId, kind, recipient }) => `${userId} ${kind} ${recipient}`,
  ).values()) {
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

async function listDue<Kind extends UserMailKind>(
  db: Database,
  kinds: readonly Kind[],
): Promise<readonly DueMail<Kind>[]> {
  return db
    .selectFrom("userMails")
    .select(["id", "userId", "kind", "detail", "recipient"])
    .where("kind", "in", kinds)
    .where("sentAt", "is", null)
    .where("dueAt", "<=", NOW)
    .where((row) => row.or([row("claimedUntil", "is", null), row("claimedUntil", "<", NOW)]))
    .orderBy("dueAt")
    .limit(AT_ONCE)
    .$castTo<DueMail<Kind>>()
    .execute();
}

/** Those of the mails that no other process is sending; they are this one's for a while. */
async function claim<Kind extends UserMailKind>(
  db: Database,
  mails: readonly DueMail<Kind>[],
): Promise<readonly DueMail<Kind>[]> {
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

async function sendOne<Kind extends UserMailKind>(
  { db, ses, log, config, sender, compose }: SendUserMailsDeps<Kind>,
  mails: readonly DueMail<Kind>[],
): Promise<boolean> {
  const [first, ...others] = mails;
  if (first === undefined) return false;
  const { userId, kind } = first;
  const to = first.recipient ?? (await addressOf(db, userId));
  const mail = to === "" ? undefined : await compose([first, ...others]);
  if (mail === undefined) {
    await markSent(db, mails);
    return false;
  }
  try {
    await sendMail(ses, { from: config.MAIL_FROM, to, ...mail });
  } catch (error) {
    await mail.whenTried?.(false);
    if (isTransient(error)) {
      await db.updateTable("userMails").set({ claimedUntil: null }).where("id", "in", idsOf(mails)).execute();
      throw error;
    }
    log.error({ userId, kind, err: error }, "mail refused for good");
    await audit(db, { actor: sender, action: "mail.refused", target: `user ${userId}`, detail: messageOf(error) });
    await markSent(db, mails);
    return false;
  }
  await mail.whenTried?.(true);
  await markSent(db, mails);
  log.info({ userId, kind, about: mails.length }, "user mailed");
  return true;
}

async function addressOf(db: Database, userId: number): Promise<string> {
  const user = await db.selectFrom("users").select("email").where("id", "=", userId).executeTakeFirst();
  return user?.email ?? "";
}

async function markSent(db: Database, mails: readonly DueMail[]): Promise<void> {
  await db.updateTable("userMails").set({ sentAt: NOW }).where("id", "in", idsOf(mails)).execute();
}

function idsOf(mails: readonly DueMail[]): number[] {
  return mails.map(({ id }) => id);
}
