import { sql } from "kysely";
import type { Database } from "./database/connect.ts";

/** What the log can tell, each with its object and verb. The manager has words for every one. */
export type AuditAction =
  | "api.refused"
  | "channel.change"
  | "channel.create"
  | "channel.delete"
  | "channel.test"
  | "data.delete"
  | "data.delete-failed"
  | "data.deleted"
  | "data.export"
  | "database.password-set-again"
  | "dead-letters.seen"
  | "dead-letters.send"
  | "email.change"
  | "email.change-asked"
  | "email.remove"
  | "load-test.start"
  | "load-test.stop"
  | "mail.refused"
  | "mail.skip"
  | "manager.stop"
  | "password.change"
  | "password.reset"
  | "password.reset-asked"
  | "plan.cancel-at-period-end"
  | "plan.free"
  | "plan.keep"
  | "plan.premium"
  | "policy.save"
  | "pool.grow"
  | "pool.pause"
  | "pool.resume"
  | "pool.shrink"
  | "release.pause"
  | "release.publish"
  | "release.resume"
  | "release.roll-back"
  | "release.update"
  | "second-factor.off"
  | "second-factor.on"
  | "session.end"
  | "session.end-others"
  | "session.refused"
  | "session.start"
  | "sign-in"
  | "sign-in.refused"
  | "sign-out"
  | "token.create"
  | "token.revoke"
  | "user.admin"
  | "user.create"
  | "user.delete"
  | "user.invitation-accepted"
  | "user.invite"
  | "user.not-admin"
  | "user.not-viewer"
  | "user.password"
  | "user.role"
  | "user.second-step-off"
  | "user.viewer"
  | "worker.drain"
  | "worker.protect"
  | "worker.replace"
  | "worker.unprotect";

export interface AuditEntry {
  /** User name, or the part that acted. */
  readonly actor: string;
  readonly action: AuditAction;
  readonly target?: string;
  readonly detail?: string;
  readonly address?: string | undefined;
}

/** Records who did what, from where. Secrets never go in here. */
export async function audit(db: Database, entry: AuditEntry): Promise<void> {
  await db
    .insertInto("auditLog")
    .values({
      actor: entry.actor.slice(0, 100),
      action: entry.action,
      target: entry.target?.slice(0, 255) ?? null,
      detail: entry.detail ?? null,
      address: entry.address?.slice(0, 64) ?? null,
    })
    .execute();
}

/** Refusals of one kind from one sender within this time share a row. */
const COUNTED_MINUTES = 60;

/**
 * Records a refusal. One that comes again within the hour is counted in the row of the first, so that nobody floods the
 * log; `actor` is whatever name was given.
 */
export async function auditRefusal(db: Database, { actor, action, detail, address }: AuditEntry): Promise<void> {
  const name = actor.slice(0, 100);
  const sender = address?.slice(0, 64) ?? null;
  const { numUpdatedRows } = await db
    .updateTable("auditLog")
    .set((where) => ({ times: where("times", "+", 1), lastAt: sql<Date>`utc_timestamp(3)` }))
    .where("action", "=", action)
    .where("at", ">", sql<Date>`utc_timestamp(3) - interval ${COUNTED_MINUTES} minute`)
    .where("address", sender === null ? "is" : "=", sender)
    .orderBy("id", "desc")
    .limit(1)
    .executeTakeFirst();
  if (numUpdatedRows > 0n) return;
  await audit(db, { actor: name, action, ...(detail === undefined ? {} : { detail }), address });
}
