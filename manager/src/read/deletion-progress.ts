import type { Database } from "@elastic-gas/shared/database/connect";
import { DELETION_SETTING } from "@elastic-gas/shared/database/tables";
import { z } from "zod";
import { readSetting } from "./settings.ts";

/** How the last deletion ended. */
export const LAST_DELETION_SETTING = "delete_all_last";

export const DeletionProgress = z.object({
  by: z.string(),
  at: z.number(),
  /** Rows and objects to delete, counted at the start. */
  total: z.number(),
  deleted: z.number(),
  /** Of `deleted`; a deletion that a restart cut goes on counting. */
  rows: z.number().default(0),
  objects: z.number().default(0),
  /** What is being deleted, in words. */
  doing: z.string(),
});
export type DeletionProgress = z.infer<typeof DeletionProgress>;

export const LastDeletion = z.object({
  by: z.string(),
  at: z.number(),
  rows: z.number(),
  objects: z.number(),
  /** null when it finished. */
  failure: z.string().nullable(),
});
export type LastDeletion = z.infer<typeof LastDeletion>;

export async function readDeletion(db: Database): Promise<DeletionProgress | null> {
  return parse(DeletionProgress, await readSetting(db, DELETION_SETTING));
}

export async function readLastDeletion(db: Database): Promise<LastDeletion | null> {
  return parse(LastDeletion, await readSetting(db, LAST_DELETION_SETTING));
}

function parse<Schema extends z.ZodType>(schema: Schema, stored: string | undefined): z.infer<Schema> | null {
  if (stored === undefined) return null;
  try {
    const parsed = schema.safeParse(JSON.parse(stored));
    return parsed.success ? parsed.data : null;
  } catch {
    return null; // written by hand
  }
}
