import { addColumns } from "./add-columns.ts";

/** What EC2 told a worker of its end before it comes. */
export const statements: readonly string[] = addColumns("workers", { interruption: "json null" });
