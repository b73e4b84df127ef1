import { addColumns } from "./add-columns.ts";

/**
 * Who was asked by mail to set a first password and has not yet; API tokens that manage users; and what a worker says
 * it cannot do.
 */
export const statements: readonly string[] = [
  ...addColumns("users", { invited_at: "datetime(3) null" }),
  ...addColumns("workers", { lacks: "varchar(500) null" }),
  "alter table api_tokens modify column scope enum('read', 'operate', 'write', 'administer') not null",
];
