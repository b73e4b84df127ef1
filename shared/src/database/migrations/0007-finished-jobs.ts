import { addIndex } from "./add-columns.ts";

/** The latest finished jobs teach the queue rule how long a job takes; every check asks for them. */
export const statements: readonly string[] = addIndex("jobs", "jobs_completed", "completed_at");
