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

it.each([
  [
    "a service that answers 500",
    Object.assign(new Error("x"), { name: "InternalError", $metadata: { httpStatusCode: 500 } }),
  ],
  ["a service that throttles", Object.assign(new Error("x"), { name: "SlowDown", $metadata: { httpStatusCode: 503 } })],
  ["a pool that has no connection to give", Object.assign(new Error("x"), { code: "DATABASE_UNAVAILABLE" })],
  ["a database that takes no writes", Object.assign(new Error("x"), { code: "ER_OPTION_PREVENTS_STATEMENT" })],
])("%s is a 503 that says when to come back", (_, error) => {
  expect(asHttpError(error)).toMatchObject({ status: 503, retryAfterSeconds: 5 });
});

it("a parser's refusal keeps its status, also one that would pass elsewhere; a mistake of ours is none", () => {
  expect(asHttpError(Object.assign(new Error("x"), { status: 413, expose: true }))).toMatchObject({ status: 413 });
  expect(asHttpError(Object.assign(new Error("x"), { status: 408, expose: true }))).toMatchObject({ status: 408 });
  expect(asHttpError(new TypeError("x is not a function"))).toBeUndefined();
});
