import { addColumns } from "./add-columns.ts";

/**
 * Since when a worker has written every heartbeat: while one does and another one cannot, the database is not to blame.
 */
export const statements: readonly string[] = addColumns("workers", { beating_since: "datetime(3) null" });
