import { addColumns, addIndex } from "./add-columns.ts";

/**
 * API tokens of users beside those of administrators, names and the end of jobs by their owner, and inputs found by
 * their key.
 */
export const statements: readonly string[] = [
  ...addColumns("api_tokens", { audience: "varchar(20) not null default ''manager''" }),
  "alter table api_tokens modify column scope enum('read', 'operate', 'write') not null",
  ...addColumns("jobs", {
    title: "varchar(100) null",
    cancelled_at: "datetime(3) null",
    input_deleted_at: "datetime(3) null",
  }),
  ...addIndex("jobs", "jobs_input_key", "input_key(255)"),
];
