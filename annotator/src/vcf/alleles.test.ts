import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { minimalAllele, readAllele, substitutionOf } from "./alleles.ts";

const bases = fc.string({ unit: fc.constantFrom("A", "C", "G", "T"), minLength: 1, maxLength: 12 });

describe("the minimal form of an allele", () => {
  it.each([
    [100, "A", "G", 100, "A", "G"],
    [100, "CAT", "CGT", 101, "A", "G"],
    [100, "GCA", "GA", 100, "GC", "G"],
    [100, "CTCC", "CCC", 100, "CT", "C"],
    [100, "AT", "ATAT", 100, "A", "ATA"],
    [100, "TTA", "TA", 100, "TT", "T"],
  ])("of %i %s>%s is %i %s>%s", (pos, ref, alt, minimalPos, minimalRef, minimalAlt) => {
    expect(minimalAllele(pos, ref, alt)).toEqual({ pos: minimalPos, ref: minimalRef, alt: minimalAlt });
  });

  it("stands for the same change of the sequence", () => {
    fc.assert(
      fc.property(bases, bases, (ref, alt) => {
        const minimal = minimalAllele(1, ref, alt);
        const offset = minimal.pos - 1;
        expect(ref.slice(0, offset) + minimal.alt + ref.slice(offset + minimal.ref.length)).toBe(alt);
        expect(ref.slice(offset, offset + minimal.ref.length)).toBe(minimal.ref);
      }),
    );
  });

  it("does not depend on bases written around both alleles", () => {
    fc.assert(
      fc.property(bases, bases, bases, bases, (ref, alt, before, after) => {
        fc.pre(ref !== alt);
        const core = minimalAllele(50, ref, alt);
        if (core.ref.length === core.alt.length) {
          expect(minimalAllele(50 - before.length, before + ref + after, before + alt + after)).toEqual(core);
        }
      }),
    );
  });
});

describe("the class of an allele", () => {
  it.each([
    ["A", "G", "SNV"],
    ["ACT", "AGT", "SNV"],
    ["AC", "GT", "MNV"],
    ["A", "ACT", "insertion"],
    ["GCT", "G", "deletion"],
    ["GCT", "TA", "indel"],
    ["A", "<DEL>", "symbolic"],
    ["A", "A]2:321681]", "breakend"],
    ["A", "G.", "breakend"],
    ["A", "*", "spanning deletion"],
    ["A", ".", "no variant"],
    ["A", "<NON_REF>", "no variant"],
    ["A", "A", "no variant"],
  ])("%s>%s is %s", (ref, alt, name) => {
    expect(readAllele(1, ref, alt).class).toBe(name);
  });

  it("names a substitution from its pyrimidine", () => {
    expect(substitutionOf({ pos: 1, ref: "G", alt: "A" })).toBe("C>T");
    expect(substitutionOf({ pos: 1, ref: "A", alt: "C" })).toBe("T>G");
    expect(substitutionOf({ pos: 1, ref: "N", alt: "C" })).toBeUndefined();
  });
});
