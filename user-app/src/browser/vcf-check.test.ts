import { expect, test } from "vitest";
import { checkMagic, checkVcf } from "./vcf-check.ts";

const HEAD =
  "##fileformat=VCFv4.2\n##contig=<ID=chr1,length=248956422>\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tS1\n";
const RECORD = "chr1\t100\t.\tA\tG\t50\tPASS\t.\tGT\t0/1\n";
const whole = { complete: true };

test("a good file: version, samples, columns, records and build", () => {
  expect(checkVcf(HEAD + RECORD + RECORD, whole)).toEqual({
    kind: "fits",
    findings: [
      "VCFv4.2, 1 sample, 10 columns",
      "First 2 records are there",
      "Genome build GRCh38, from the length of chromosome 1",
    ],
  });
});

test("a line that the excerpt cuts is not held against the file", () => {
  const cut = (HEAD + RECORD).slice(0, -12);
  expect(checkVcf(`${HEAD + RECORD}chr1\t10`, { complete: false }).kind).toBe("fits");
  expect(checkVcf(cut, { complete: false }).findings[1]).toBe("No records in the part that was looked at");
});

test("Windows line ends and a byte order mark are fine", () => {
  expect(checkVcf(`\ufeff${(HEAD + RECORD).replaceAll("\n", "\r\n")}`, whole).kind).toBe("fits");
});

test("spaces instead of tabs are named with the line", () => {
  const check = checkVcf(`${HEAD}chr1 100 . A G 50 PASS .\n`, whole);
  expect(check).toMatchObject({
    kind: "refused",
    problem: "Line 4 has 1 column, 8 are needed.",
    help: "Spaces instead of tabs?",
    line: "chr1 100 . A G 50 PASS .",
  });
});

test("one odd record among good ones is left to the annotator", () => {
  expect(checkVcf(`${HEAD + RECORD}chr1\t1\n`, whole).kind).toBe("fits");
});

test("other text is refused", () => {
  expect(checkVcf("name,age\nada,36\n", whole)).toMatchObject({ kind: "refused", problem: "This is not a VCF." });
  expect(checkVcf("##fileformat=VCFv4.2\n", whole)).toMatchObject({ problem: "There is no #CHROM line." });
});

test.each([
  [[], "The file is empty."],
  [[0x50, 0x4b, 3, 4], "This is a zip archive (Excel), not a VCF."],
  [[0xff, 0xfe, 0x23], "This file is encoded in UTF-16."],
  [[0x89, 0x50, 0x4e, 0x47], "This is a picture, not a VCF."],
  [[0x1f, 0x8b, 8], undefined],
  [[0x23, 0x23], undefined],
])("bytes %j: %s", (bytes, sentence) => expect(checkMagic(Uint8Array.from(bytes))).toBe(sentence));
