import { z } from "zod";
import type { Cursor, JobRow } from "./queries.ts";

/** `<ISO instant>_<job id>` */
export const StrictCursorText = z
  .string()
  .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z_[0-9a-f-]{36}$/)
  .refine((text) => !Number.isNaN(Date.parse(text.slice(0, 24))))
  .transform((text): Cursor => ({ at: new Date(text.slice(0, 24)), id: text.slice(25) }))
  .optional();

/** For a page's address: anything else counts as none. */
export const CursorText = StrictCursorText.catch(undefined);

export function cursorText({ submittedAt, id }: Pick<JobRow, "submittedAt" | "id">): string {
  return `${submittedAt.toISOString()}_${id}`;
}
