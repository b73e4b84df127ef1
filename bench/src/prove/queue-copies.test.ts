import { expect, it } from "vitest";
import { batches } from "./queue-copies.ts";

it("batches messages of one queue in a row, ten at most, and keeps their order", () => {
  const archive = Array.from({ length: 12 }, (_, id) => ({ queue: "archive" as const, id }));
  const messages = [{ queue: "jobResults" as const, id: -1 }, ...archive, { queue: "jobResults" as const, id: 12 }];
  expect(batches(messages).map((batch) => batch.length)).toEqual([1, 10, 2, 1]);
  expect(batches(messages).flat()).toEqual(messages);
});
