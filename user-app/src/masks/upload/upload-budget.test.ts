import { expect, it } from "vitest";
import { createUploadBudget } from "./upload-budget.ts";

it("refuses at once what does not fit, and takes it when room was given back, once", () => {
  const budget = createUploadBudget(100);
  const giveBack = budget.take(60);
  expect(() => budget.take(41)).toThrow(expect.objectContaining({ status: 503, retryAfterSeconds: 2 }));
  budget.take(40);
  giveBack();
  giveBack();
  budget.take(60);
  expect(() => budget.take(1)).toThrow();
});
