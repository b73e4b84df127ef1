import { addColumns } from "./add-columns.ts";

/** Which activity a launch was made for, and which one ended a worker. */
export const statements: readonly string[] = [
  ...addColumns("launch_intents", { activity_id: "bigint unsigned null" }),
  ...addColumns("workers", { ended_by: "bigint unsigned null" }),
];
