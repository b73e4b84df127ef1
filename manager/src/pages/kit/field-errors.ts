import type { z } from "zod";

/** Reasons beside fields, by field name. */
export type FieldErrors = ReadonlyMap<string, string>;

/** The first reason of each field that a form's schema refused. */
export function errorsOf(error: z.ZodError | undefined): Map<string, string> {
  return new Map(error?.issues.toReversed().map((issue) => [String(issue.path[0] ?? ""), issue.message]));
}
