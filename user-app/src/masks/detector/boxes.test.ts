import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Candidate, decodeCandidates, makeAnchors } from "./anchors.ts";
import { containment, iou, mergePasses, suppress, withoutEars } from "./boxes.ts";
import { fromTile, tilesOf, touchesInnerEdge } from "./tiles.ts";

const box = (overrides: Partial<Candidate>): Candidate => ({
  left: 0.2,
  top: 0.2,
  right: 0.4,
  bottom: 0.4,
  masked: true,
  confidence: 0.9,
  ...overrides,
});
const anyBox = fc
  .tuple(
    fc.nat(90),
    fc.nat(90),
    fc.integer({ min: 1, max: 50 }),
    fc.integer({ min: 1, max: 50 }),
    fc.boolean(),
    fc.nat(100),
  )
  .map(([left, top, width, height, masked, percent]) =>
    box({
      left: left / 100,
      top: top / 100,
      right: (left + width) / 100,
      bottom: (top + height) / 100,
      masked,
      confidence: percent / 100,
    }),
  );

describe("anchors", () => {
  const anchors = makeAnchors();
  it("are the model's 5972, four per cell, row by row", () => {
    expect(anchors.length).toBe(5972 * 4);
    const near = (values: number[]) => values.map((value) => expect.closeTo(value, 5));
    expect([...anchors.subarray(0, 4)]).toEqual(near([0.5 / 33, 0.5 / 33, 0.04, 0.04]));
    expect([...anchors.subarray(4, 8)]).toEqual(near([0.5 / 33, 0.5 / 33, 0.056, 0.056]));
    expect([...anchors.subarray(8, 12)]).toEqual(
      near([0.5 / 33, 0.5 / 33, 0.04 * Math.sqrt(0.62), 0.04 / Math.sqrt(0.62)]),
    );
    expect([...anchors.subarray(16, 18)]).toEqual(near([1.5 / 33, 0.5 / 33]));
    expect([...anchors.subarray(-4)]).toEqual(near([2.5 / 3, 2.5 / 3, 0.64 * Math.sqrt(0.42), 0.64 / Math.sqrt(0.42)]));
  });

  it("move by the model's offsets times variance and size", () => {
    const anchor = Float32Array.of(0.5, 0.5, 0.2, 0.4);
    const [found] = decodeCandidates(
      anchor,
      { locations: Float32Array.of(1, -1, Math.log(2) * 5, 0), scores: Float32Array.of(0.7, 0.8) },
      0.5,
    );
    expect(found?.masked).toBe(false);
    expect(found?.confidence).toBeCloseTo(0.8);
    // centre (0.52, 0.46), size (0.4, 0.4)
    expect([found?.left, found?.top, found?.right, found?.bottom].map((edge) => Math.round((edge ?? 0) * 100))).toEqual(
      [32, 26, 72, 66],
    );
  });
});

describe("joining candidates", () => {
  it("measures overlap", () => {
    expect(iou(box({}), box({}))).toBeCloseTo(1);
    expect(iou(box({}), box({ left: 0.3, right: 0.5 }))).toBeCloseTo(1 / 3);
    expect(iou(box({}), box({ left: 0.4, right: 0.6 }))).toBe(0);
    expect(containment(box({}), box({ right: 0.3, bottom: 0.3 }))).toBeCloseTo(1);
  });

  it("keeps the more confident of two candidates of either class for one face", () => {
    const best = box({ confidence: 0.95, masked: false });
    expect(suppress([box({ left: 0.22 }), best, box({ left: 0.6, right: 0.8 })])).toEqual([
      best,
      box({ left: 0.6, right: 0.8 }),
    ]);
  });

  it("lets the passes vote on the class", () => {
    const seen = [box({ confidence: 0.95, masked: false }), box({ confidence: 0.9 }), box({ confidence: 0.85 })];
    expect(mergePasses(seen)).toEqual([box({ confidence: 0.95, masked: true })]);
  });

  it("joins a part of a face to the whole", () => {
    const part = box({ left: 0.15, right: 0.26, confidence: 0.8 });
    expect(suppress([box({}), part])).toHaveLength(2);
    expect(mergePasses([box({}), part])).toHaveLength(1);
  });

  it("finds no face within a face", () => {
    const eye = box({ left: 0.21, right: 0.29, top: 0.22, bottom: 0.3, confidence: 0.8 });
    expect(suppress([eye, box({})])).toEqual([box({})]);
  });

  it("takes no ear beside a face for another, and leaves what may be one", () => {
    const face = box({ left: 0.3, right: 0.6, top: 0.2, bottom: 0.8 });
    const ear = box({ left: 0.26, right: 0.3, top: 0.4, bottom: 0.5, confidence: 0.8 });
    const other = (changes: Partial<Candidate>) => ({ ...ear, ...changes });
    const faces = [
      other({ left: 0.2, right: 0.27 }), // as broad as a face
      other({ left: 0.05, right: 0.09 }), // away from it
      other({ top: 0.82, bottom: 0.92 }), // below it
      other({ left: 0.61, right: 0.75, top: 0.3, bottom: 0.6 }), // half as high
    ];
    expect(withoutEars([face, ear, ...faces], 1)).toEqual([face, ...faces]);
    // The same fractions of a wide picture are as broad as a face.
    expect(withoutEars([face, ear], 2)).toEqual([face, ear]);
    expect(withoutEars([ear], 1)).toEqual([ear]);
  });

  it("never leaves two boxes that count as one, and invents none", () => {
    fc.assert(
      fc.property(fc.array(anyBox, { maxLength: 25 }), (boxes) => {
        const kept = suppress(boxes);
        for (const [index, a] of kept.entries())
          for (const b of kept.slice(index + 1)) expect(iou(a, b)).toBeLessThanOrEqual(0.4);
        for (const a of kept) expect(boxes).toContain(a);
        expect(mergePasses(boxes).length).toBeLessThanOrEqual(kept.length);
      }),
    );
  });
});

describe("tiles", () => {
  it("are cut from wide and tall pictures only", () => {
    expect(tilesOf({ width: 1300, height: 1000 })).toEqual([]);
    expect(tilesOf({ width: 1600, height: 900 }).map(({ left }) => left)).toEqual([0, 350, 700]);
    expect(tilesOf({ width: 900, height: 1600 }).map(({ top }) => top)).toEqual([0, 350, 700]);
    expect(tilesOf({ width: 20_000, height: 10 })).toHaveLength(8);
  });

  it("cover the picture to both ends and stay inside it", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1600 }), fc.integer({ min: 1, max: 1600 }), (width, height) => {
        const tiles = tilesOf({ width, height });
        const [first, last] = [tiles[0], tiles.at(-1)];
        if (!first || !last) return;
        expect([first.left, first.top]).toEqual([0, 0]);
        expect([last.left + last.side, last.top + last.side]).toEqual([width, height]);
      }),
    );
  });

  it("drop boxes at their cuts, not those at the picture's own edge", () => {
    const size = { width: 1600, height: 900 };
    const [first, middle] = tilesOf(size);
    if (!first || !middle) throw new Error("no tiles");
    expect(touchesInnerEdge(box({ left: 0 }), first, size)).toBe(false);
    expect(touchesInnerEdge(box({ left: 0 }), middle, size)).toBe(true);
    expect(touchesInnerEdge(box({ right: 0.995 }), first, size)).toBe(true);
    expect(touchesInnerEdge(box({ top: 0, bottom: 1 }), middle, size)).toBe(false);
  });

  it("hand boxes back in the picture's own measure", () => {
    const found = fromTile(
      box({ left: 0, top: 0, right: 0.5, bottom: 1 }),
      { left: 350, top: 0, side: 900 },
      { width: 1600, height: 900 },
    );
    expect(found).toMatchObject({ left: 350 / 1600, right: 800 / 1600, top: 0, bottom: 1 });
  });
});
