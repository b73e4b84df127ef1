import { addColumns } from "./add-columns.ts";

/** Who was asked by mail to set a first password and has not yet; and API tokens that manage users. */
export const statements: readonly string[] = [
  ...addColumns("users", { invited_at: "datetime(3) null" }),
  "alter table api_tokens modify column scope enum('read', 'operate', 'write', 'administer') not null",
];
