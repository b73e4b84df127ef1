import fc from "fast-check";
import { expect, it } from "vitest";
import { minimalAllele } from "../vcf/alleles.ts";
import { leftmost } from "./match-alleles.ts";

// 1-based:       123456789
const sequence = "GCAAAAATG";
const baseAt = (pos: number) => (pos < 1 || pos > sequence.length ? undefined : sequence.charCodeAt(pos - 1));

it.each([
  [6, "AA", "A", { pos: 2, ref: "CA", alt: "C" }],
  [7, "A", "AA", { pos: 2, ref: "C", alt: "CA" }],
  [2, "CA", "C", { pos: 2, ref: "CA", alt: "C" }],
  // Written with the base after it.
  [7, "AT", "T", { pos: 2, ref: "CA", alt: "C" }],
  [7, "A", "T", null],
  [7, "AT", "GC", null],
] as const)("%i %s>%s is moved to %j", (pos, ref, alt, moved) => {
  expect(leftmost({ pos, ref, alt }, baseAt)).toEqual(moved);
});

it("stops where the base before is not known", () => {
  const known = (pos: number) => (pos < 4 ? undefined : baseAt(pos));
  expect(leftmost({ pos: 6, ref: "AA", alt: "A" }, known)).toEqual({ pos: 4, ref: "AA", alt: "A" });
});

it("makes the same sequence, wherever an indel is written", () => {
  const bases = fc.string({ unit: fc.constantFrom("A", "C"), minLength: 1, maxLength: 4 });
  const change = fc.record({
    text: fc.string({ unit: fc.constantFrom("A", "C", "G"), minLength: 8, maxLength: 30 }),
    at: fc.nat(6),
    piece: bases,
    isDeletion: fc.boolean(),
  });
  fc.assert(
    fc.property(change, ({ text, at, piece, isDeletion }) => {
      const [anchor, long] = [text.charAt(at), text.slice(at, at + 1 + piece.length)];
      const [ref, alt] = isDeletion ? [long, anchor] : [anchor, anchor + piece];
      const minimal = minimalAllele(at + 1, ref, alt);
      const moved = leftmost(minimal, (pos) => (pos < 1 || pos > text.length ? undefined : text.charCodeAt(pos - 1)));
      const apply = (one: { pos: number; ref: string; alt: string }) => {
        expect(text.slice(one.pos - 1, one.pos - 1 + one.ref.length)).toBe(one.ref);
        return text.slice(0, one.pos - 1) + one.alt + text.slice(one.pos - 1 + one.ref.length);
      };
      if (moved === null) return;
      expect(apply(moved)).toBe(apply(minimal));
      // Nothing is left to move: the base before differs from the last that is moved.
      const sequence = (isDeletion ? moved.ref : moved.alt).slice(1);
      if (moved.pos > 1) expect(text.charAt(moved.pos - 1)).not.toBe(sequence.at(-1));
    }),
  );
});
