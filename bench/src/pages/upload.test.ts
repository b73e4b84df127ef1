import { expect, it } from "vitest";
import { upload } from "./upload.ts";

it("measures whole uploads beside their detector and bcrypt, and all of them are kept", async () => {
  const { figures } = await upload.measure({ quick: true, say: () => {} });
  expect(figures.map(({ name }) => name)).toEqual([
    "upload-cpu",
    "upload-wall",
    "upload-remembered-cpu",
    "upload-kept",
  ]);
  expect(figures.every(({ value }) => Number.isFinite(value))).toBe(true);
  expect(figures.find(({ name }) => name === "upload-kept")?.value).toBe(1);
});
