import type { SESv2Client } from "@aws-sdk/client-sesv2";
import { audit } from "@elastic-gas/shared/audit";
import { type Config, userAppUrl } from "@elastic-gas/shared/config";
import type { Database } from "@elastic-gas/shared/database/connect";
import { JobSummary } from "@elastic-gas/shared/jobs/summary";
import type { Logger } from "@elastic-gas/shared/logger";
import { sendMail } from "@elastic-gas/shared/mail/send-mail";
import type { JobResult } from "@elastic-gas/shared/messages";
import { DONE, type Handled } from "@elastic-gas/shared/reliability/consumer";
import { sql } from "kysely";
import { jobMail } from "./job-mail.ts";

export interface NotifyDeps {
  readonly db: Database;
  readonly ses: SESv2Client;
  readonly log: Logger;
  readonly config: Pick<
    Config,
    "MAIL_FROM" | "DISPLAY_TIME_ZONE" | "FREE_RETENTION_SECONDS" | "PUBLIC_URL" | "PUBLIC_HOST" | "LB_PORT"
  >;
}

/** Longer than the mail service may take to answer. */
const CLAIM_SECONDS = 60;

/**
 * Mails the owner of a finished job, once: the row says whether that was done or is being done, and the message stays
 * until the mail service has taken the mail. An owner without an address is recorded in the audit log.
 */
export async function notifyOwner(
  { db, ses, log, config }: NotifyDeps,
  { jobId, outcome }: JobResult,
): Promise<Handled> {
  const job = await db
    .selectFrom("jobs")
    .innerJoin("users", "users.id", "jobs.userId")
    .select([
      "jobs.id",
      "jobs.inputName",
      "jobs.failure",
      "jobs.summary",
      "jobs.submittedAt",
      "jobs.completedAt",
      "jobs.notifiedAt",
      "users.email",
      "users.role",
    ])
    .where("jobs.id", "=", jobId)
    .executeTakeFirst();
  if (job === undefined || job.notifiedAt !== null || job.completedAt === null) return DONE;
  const notifiedAt = new Date();
  if (job.email === null || job.email === "") {
    log.info({ jobId }, "owner has no e-mail address, not notified");
    await audit(db, {
      actor: "notify",
      action: "mail.skip",
      target: jobId,
      detail: "The owner has no e-mail address.",
    });
    await db.updateTable("jobs").set({ notifiedAt }).where("id", "=", jobId).execute();
    return DONE;
  }
  const isFree = job.role === "free_user";
  const text = jobMail(
    { ...job, outcome, completedAt: job.completedAt, buildWarning: buildWarningOf(job.summary) },
    {
      baseUrl: userAppUrl(config),
      timeZone: config.DISPLAY_TIME_ZONE,
      downloadUntil: isFree ? new Date(job.completedAt.getTime() + config.FREE_RETENTION_SECONDS * 1_000) : null,
    },
  );
  if (!(await claimMail(db, jobId))) return { kind: "later", seconds: CLAIM_SECONDS };
  try {
    await sendMail(ses, { from: config.MAIL_FROM, to: job.email, ...text });
  } catch (error) {
    await releaseMail(db, jobId);
    throw error;
  }
  await db.updateTable("jobs").set({ notifiedAt }).where("id", "=", jobId).execute();
  log.info({ jobId, outcome }, "owner notified");
  return DONE;
}

/** From the job's summary, which an older version may have written otherwise. */
function buildWarningOf(summary: unknown): string | null {
  const parsed = JobSummary.pick({ buildDecision: true }).safeParse(summary);
  return parsed.success ? (parsed.data.buildDecision?.warning ?? null) : null;
}

/**
 * Two messages about one job may be handled at once: one of them mails. False: another process is at it, or has done
 * it.
 */
async function claimMail(db: Database, jobId: string): Promise<boolean> {
  const now = sql<Date>`utc_timestamp(3)`;
  const { numUpdatedRows } = await db
    .updateTable("jobs")
    .set({ mailClaimedUntil: sql<Date>`utc_timestamp(3) + interval ${sql.lit(CLAIM_SECONDS)} second` })
    .where("id", "=", jobId)
    .where("notifiedAt", "is", null)
    .where((row) => row.or([row("mailClaimedUntil", "is", null), row("mailClaimedUntil", "<", now)]))
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

async function releaseMail(db: Database, jobId: string): Promise<void> {
  await db.updateTable("jobs").set({ mailClaimedUntil: null }).where("id", "=", jobId).execute();
}
