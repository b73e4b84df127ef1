import { expect, it } from "vitest";
import { describeUpload, fileProblem } from "./describe-upload.ts";

it("says how much was sent, then that the photo is checked", () => {
  expect(describeUpload(0, 0)).toMatch(/^Sending: 0/);
  expect(describeUpload(512_000, 1_024_000)).toMatch(/^Sending: 50.%, .* of /);
  expect(describeUpload(1_024_000, 1_024_000)).toBe("Checking: looking for faces");
});

it.each([
  { file: { size: 0, type: "image/png" }, problem: /empty/ },
  { file: { size: 10_000_001, type: "image/png" }, problem: /larger than 10\sMB/ },
  { file: { size: 5, type: "image/svg+xml" }, problem: /not a JPEG/ },
])("refuses $file.type of $file.size bytes before sending", ({ file, problem }) => {
  expect(fileProblem(file, 10_000_000)).toMatch(problem);
});

it("sends pictures, and files whose type the browser does not know", () => {
  expect(fileProblem({ size: 10_000_000, type: "image/avif" }, 10_000_000)).toBeUndefined();
  expect(fileProblem({ size: 1, type: "" }, 10_000_000)).toBeUndefined();
});
