import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { drawPeople, seededRandom } from "../../../mask-model/drawing.ts";
import { describeScore } from "../../../mask-model/score.ts";
import { readTruth } from "../../../mask-model/truth.ts";

async function folderWith(truth: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "truth-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, "truth.csv"), truth);
  return folder;
}

describe("truth.csv", () => {
  it("is read with either line end", async () => {
    const folder = await folderWith("file,faces,masked,unmasked\r\na.jpg,3,1,2\r\n");
    expect(await readTruth(folder)).toEqual([{ file: "a.jpg", faces: 3, masked: 1, unmasked: 2 }]);
  });

  it.each([
    { what: "numbers that do not add up", line: "a.jpg,3,1,1" },
    { what: "a number missing", line: "a.jpg,3,1" },
    { what: "no number", line: "a.jpg,three,1,2" },
    { what: "a path", line: "../a.jpg,3,1,2" },
  ])("is refused with the line for $what", async ({ line }) => {
    const folder = await folderWith(`file,faces,masked,unmasked\n${line}\n`);
    await expect(readTruth(folder)).rejects.toThrow(`Line 2 of truth.csv cannot be read (${line})`);
  });

  it("is refused without its first line", async () => {
    await expect(readTruth(await folderWith("a.jpg,3,1,2\n"))).rejects.toThrow("file,faces,masked,unmasked");
  });
});

it("tells the share of exact counts and every miss", () => {
  const truth = { file: "six.jpg", faces: 6, masked: 6, unmasked: 0 };
  expect(describeScore("/models/own.onnx", { pictures: 8, misses: [{ truth, faces: 5, masked: 4 }] })).toEqual([
    "own.onnx: faces and masks counted exactly in 7 of 8 pictures (87.5 %)",
    "  six.jpg: found 5 faces, 4 with a mask; true are 6, 6 with a mask",
  ]);
});

it("draws the same picture from the same seed, with the people that were asked for inside it", () => {
  const wanted = { width: 900, height: 600, masked: [true, false, true] };
  const drawing = drawPeople(wanted, seededRandom(5));
  expect(drawPeople(wanted, seededRandom(5))).toEqual(drawing);
  expect(drawPeople(wanted, seededRandom(6)).svg).not.toBe(drawing.svg);
  expect(drawing.faces.map(({ masked }) => masked)).toEqual(wanted.masked);
  for (const { left, top, right, bottom } of drawing.faces) {
    expect([left, top, 1 - right, 1 - bottom].every((distance) => distance >= 0)).toBe(true);
  }
});
