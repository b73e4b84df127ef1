import { addColumns } from "./add-columns.ts";

/**
 * CPU and requests of a worker's last minutes, in periods of seconds: what the rules grow on that act sooner than
 * CloudWatch tells.
 */
export const statements: readonly string[] = addColumns("workers", { load_points: "json null" });
