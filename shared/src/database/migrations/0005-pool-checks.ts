import { addColumns } from "./add-columns.ts";

/** When a pool's last check could be made. */
export const statements: readonly string[] = addColumns("pools", { checked_at: "datetime(3) null" });
