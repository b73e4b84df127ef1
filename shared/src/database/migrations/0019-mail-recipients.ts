import { addColumns } from "./add-columns.ts";

/** Mails about an account go to an address that is not, or not any more, the user's. */
export const statements: readonly string[] = addColumns("user_mails", { recipient: "varchar(254) null" });
