import type { Database } from "../database/connect.ts";

export interface AuditEntry {
  /** User name, or the part that acted. */
  readonly actor: string;
  /** A verb and its object, such as `user.create`. */
  readonly action: string;
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
