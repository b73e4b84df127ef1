import { addColumns } from "./add-columns.ts";

/** The log of a job while it runs, and the attempt that wrote it: no run is shown another one's lines. */
export const statements: readonly string[] = addColumns("jobs", {
  running_log: "text null",
  running_log_attempt: "int unsigned null",
});
