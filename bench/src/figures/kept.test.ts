import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, it } from "vitest";
import { findFalls, formatFigure, isMet, type KeptFigure, readKept, replaceMeasured, writeKept } from "./kept.ts";

const RATE: KeptFigure = {
  measurement: "cloud",
  name: "put",
  what: "PutObject",
  value: 0.5,
  unit: "ratio",
  baseline: "an empty server",
  better: "higher",
  on: "2026-11-21",
};
const TIME: KeptFigure = { ...RATE, name: "wall", what: "wall time", value: 2, better: "lower" };

it.each<[string, KeptFigure, number, boolean]>([
  ["a rate that fell by a fifth", RATE, 0.4, true],
  ["a rate within a tenth", RATE, 0.46, false],
  ["a rate that rose", RATE, 0.9, false],
  ["a time that grew by a fifth", TIME, 2.4, true],
  ["a time that fell", TIME, 1, false],
  ["a time in seconds of this machine", { ...TIME, isComparable: false }, 9, false],
])("judges %s", (_, before, value, isTold) => {
  const falls = findFalls([{ ...before, value, on: "2026-11-29" }], [before]);
  expect(falls).toHaveLength(isTold ? 1 : 0);
});

it("says what fell, by how much and since when", () => {
  expect(findFalls([{ ...RATE, value: 0.4, on: "2026-11-29" }], [RATE])).toEqual([
    "PutObject: 0.40 now, 0.50 on 2026-11-21: 20 % worse. Run it once more on a quiet machine; if it stays, look for the change since.",
  ]);
});

it("says nothing of a figure that was not kept before", () => {
  expect(findFalls([RATE], [TIME])).toEqual([]);
});

it("tells a fall by more than a tenth in either direction, whatever the size", () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0.01, max: 1e6, noNaN: true }),
      fc.double({ min: 0.2, max: 5, noNaN: true }),
      (value, factor) => {
        fc.pre(Math.abs(Math.abs(factor - 1) - 0.1) > 1e-6);
        const told = (better: "higher" | "lower") =>
          findFalls([{ ...RATE, better, value: value * factor }], [{ ...RATE, better, value }]).length === 1;
        expect(told("lower")).toBe(factor > 1.1);
        expect(told("higher")).toBe(factor < 0.9);
      },
    ),
  );
});

it("replaces what was measured again and keeps the rest, in the order of the measurements", () => {
  const other = { ...TIME, measurement: "pages" };
  const gone = { ...TIME, measurement: "no longer there" };
  const fresh = { ...RATE, value: 0.6 };
  expect(replaceMeasured([other, RATE, TIME, gone], [fresh], ["cloud", "pages"])).toEqual([fresh, other]);
});

it("reads what it wrote, nothing where there is no file, and refuses another file", async () => {
  const folder = await mkdtemp(join(tmpdir(), "figures-"));
  const file = join(folder, "figures.json");
  try {
    expect(await readKept(file)).toEqual({ machine: "", figures: [], plots: [] });
    const kept = { machine: "2 cores", figures: [RATE, { ...TIME, asked: 1.2 }], plots: [] };
    await writeKept(file, kept);
    expect(await readKept(file)).toEqual(kept);
    await writeFile(file, '{"figures":[{"name":1}]}');
    await expect(readKept(file)).rejects.toThrow();
  } finally {
    await rm(folder, { recursive: true });
  }
});

it.each([
  [0.543, "ratio", "0.54"],
  [12.345, "ratio", "12.3"],
  [148.2, "MB", "148 MB"],
  [5.876, "s", "5.88 s"],
  [12_345, "count", "12,345"],
  [1_234.5, "KB", "1,235 KB"],
] as const)("writes %d (%s) as %s", (value, unit, text) => {
  expect(formatFigure({ value, unit })).toBe(text);
});

it.each([
  [0.4, 0.4, "higher", true],
  [0.39, 0.4, "higher", false],
  [1.2, 1.2, "lower", true],
  [1.3, 1.2, "lower", false],
] as const)("holds %d against the asked %d (%s is better): %s", (value, asked, better, met) => {
  expect(isMet({ value, asked, better })).toBe(met);
  expect(isMet({ value, better })).toBeUndefined();
});
