import { addColumns } from "./add-columns.ts";

/** What payments and sign-ins need so that nobody waits for a lock, and the audit log cannot be flooded. */
export const statements: readonly string[] = [
  ...addColumns("users", { stripe_synced_at: "datetime(3) null" }),
  ...addColumns("audit_log", { times: "int unsigned not null default 1", last_at: "datetime(3) null" }),
];
