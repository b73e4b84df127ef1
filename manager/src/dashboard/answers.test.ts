import { expect, it } from "vitest";
import { readOutcome, readRefusal } from "./answers.ts";

it("answers of the manager are read, and those of anything else are not", () => {
  expect(readOutcome({ done: true, sentence: "web grows to 3.", more: 1 })).toEqual({
    done: true,
    sentence: "web grows to 3.",
  });
  for (const body of [undefined, null, "OK", {}, { done: "yes", sentence: "" }, { done: true }, []])
    expect(readOutcome(body)).toBeUndefined();
  expect(readRefusal({ error: { message: "The page is too old." } })).toBe("The page is too old.");
  for (const body of [undefined, null, "Bad Gateway", {}, { error: "no" }, { error: null }, { error: { message: 1 } }])
    expect(readRefusal(body)).toBeUndefined();
});
