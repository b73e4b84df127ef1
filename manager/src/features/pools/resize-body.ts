import { cleanLine } from "@elastic-gas/shared/clean-file-name";
import { z } from "zod";

/** Why somebody asks, for the activity log. */
export const ResizeBody = z.object({
  why: z.string().overwrite(cleanLine).max(100, "At most 100 characters.").default(""),
});
