import { expect, it } from "vitest";
import { z } from "zod";
import { asHttpError } from "./errors.ts";

it.each([
  [z.object({ session_id: z.string() }), {}, "“session_id” is missing or has the wrong form."],
  [z.object({ rate: z.number().min(1, "At least 1 a second.") }), { rate: 0 }, "At least 1 a second."],
  [z.object({ page: z.number().max(5) }), { page: 9 }, "“page” is missing or has the wrong form."],
])("a refused request is told in our words, never in the library's", (schema, value, sentence) => {
  const { error } = schema.safeParse(value);
  expect(asHttpError(error)).toMatchObject({ status: 400, message: sentence });
});
