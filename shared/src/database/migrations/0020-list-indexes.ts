import { addIndexes } from "./add-columns.ts";

/** A page of a list is read from where it begins, whatever the filter, the pool, or the number of rows before it. */
export const statements: readonly string[] = [
  ...addIndexes("jobs", { jobs_user_archive: "user_id, archive_state, submitted_at" }),
  ...addIndexes("decisions", { decisions_at: "at" }),
  ...addIndexes("activities", { activities_at: "at" }),
  ...addIndexes("dead_letters", { dead_letters_unresolved: "resolved_at" }),
  ...addIndexes("launch_intents", { launch_intents_created: "created_at" }),
];
