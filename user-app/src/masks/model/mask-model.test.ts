import { stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { locateModel, SHIPPED_MODEL } from "./mask-model.ts";

it("is the shipped file when nothing is set, small enough to be part of every release", async () => {
  expect(await locateModel(undefined)).toBe(SHIPPED_MODEL);
  expect((await stat(SHIPPED_MODEL)).size).toBeLessThanOrEqual(3_000_000);
});

it("is the file that MASK_MODEL names", async () => {
  expect(await locateModel(import.meta.filename)).toBe(import.meta.filename);
});

it("says what to do when MASK_MODEL names no file", async () => {
  const nowhere = join(tmpdir(), "nowhere", "model.onnx");
  await expect(locateModel(nowhere)).rejects.toThrow(
    `The mask model is missing: there is no file at MASK_MODEL (${nowhere}). An administrator corrects the path or removes the setting.`,
  );
});
