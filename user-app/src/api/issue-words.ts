import type { z } from "zod";

/** For `parse`: what does not fit is told by the name of its parameter or field, where a schema has no words for it. */
export const IN_WORDS: z.core.ParseContext<z.core.$ZodIssue> = { error: issueWords };

function issueWords(issue: z.core.$ZodRawIssue): string | undefined {
  const name = (issue.path ?? []).join(".");
  if (name === "") return "The body is no JSON object.";
  if (issue.code === "too_big") return `${name}: at most ${issue.maximum} characters.`;
  if (issue.code !== "invalid_type") return undefined;
  if (issue.input === undefined) return `${name}: it is missing.`;
  return Array.isArray(issue.input) ? `${name}: it is given more than once.` : `${name}: a text is expected.`;
}
