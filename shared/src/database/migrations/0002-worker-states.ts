import { addColumns } from "./add-columns.ts";

/** Each worker's state and reason as the autoscaler acts on them, and when it last looked at a pool. */
export const statements: readonly string[] = [
  ...addColumns("workers", {
    state: "varchar(20) null",
    state_reason: "json null",
    state_at: "datetime(3) null",
    ended_for: "json null",
  }),
  ...addColumns("pools", { observed_at: "datetime(3) null" }),
];
