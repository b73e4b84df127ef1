import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { checkFile } from "./check-file.ts";
import { checkMagic, checkVcf } from "./vcf-check.ts";

const HEAD =
  "##fileformat=VCFv4.2\n##contig=<ID=chr1,length=248956422>\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tS1\n";
const RECORD = "chr1\t100\t.\tA\tG\t50\tPASS\t.\tGT\t0/1\n";
const whole = { complete: true };

test("a good file: version, samples, columns, records and build", () => {
  expect(checkVcf(HEAD + RECORD + RECORD, whole)).toEqual({
    kind: "fits",
    findings: ["VCFv4.2, 1 sample, 10 columns", "2 records", "Genome build GRCh38, from the length of chromosome 1"],
    warnings: [],
  });
});

test.each([
  ["##reference=hg18.fa", "Genome build NCBI36, named in the header", "cytobands only"],
  ["##contig=<ID=1,length=247249719>", "Genome build NCBI36, from the length of chromosome 1", "cytobands only"],
  ["##reference=mm10.fa", "Genome build GRCm38, named in the header", "nothing would be annotated"],
])("what the pack lacks for a genome is said before the upload: %s", (line, finding, warning) => {
  const { findings, warnings } = checkVcf(HEAD.replace(/##contig.*/, line) + RECORD, whole);
  expect(findings).toContain(finding);
  expect(warnings).toEqual([expect.stringContaining(warning)]);
});

test("a line that the excerpt cuts is not held against the file", () => {
  const cut = (HEAD + RECORD).slice(0, -12);
  expect(checkVcf(`${HEAD + RECORD}chr1\t10`, { complete: false })).toMatchObject({
    kind: "fits",
    findings: [expect.anything(), "1 record in the first 256\u00a0KB", expect.anything()],
  });
  expect(checkVcf(cut, { complete: false }).findings[1]).toBe("No records found in the first 256\u00a0KB");
  expect(checkVcf(HEAD, whole).findings[1]).toBe("No records found");
});

test("Windows line endings and a byte order mark are fine", () => {
  expect(checkVcf(`\ufeff${(HEAD + RECORD).replaceAll("\n", "\r\n")}`, whole).kind).toBe("fits");
});

test("spaces instead of tabs are named with the line", () => {
  const check = checkVcf(`${HEAD}chr1 100 . A G 50 PASS .\n`, whole);
  expect(check).toMatchObject({
    kind: "refused",
    problem: "The file's only record cannot be read.",
    help: "Line 4 has 1 column, 8 are needed. Spaces instead of tabs?",
    line: "chr1 100 . A G 50 PASS .",
  });
});

test("records that cannot be read among good ones are counted, with the first one's line", () => {
  expect(checkVcf(`${HEAD + RECORD}chr1\t1\n${RECORD}chr1\tx\t.\tA\tG\t.\t.\t.\n`, whole)).toMatchObject({
    kind: "fits",
    warnings: [
      "2 records could not be parsed and were passed through unchanged; the first is line 5: it has 2 columns, 8 are needed.",
    ],
  });
});

test("records of other columns than the #CHROM line's are named with the first one's line", () => {
  const more = RECORD.replace("0/1\n", "0/1\t0/0\n");
  const fewer = RECORD.replace("\tGT\t0/1", "");
  expect(checkVcf(HEAD + RECORD + more + fewer, whole).warnings).toEqual([
    "2 records could not be parsed and were passed through unchanged; the first is line 5: it has 11 columns, the #CHROM line names 10.",
  ]);
  expect(checkVcf(HEAD + fewer, whole)).toMatchObject({
    kind: "refused",
    help: "Line 4 has 8 columns, the #CHROM line names 10.",
  });
  expect(checkVcf(HEAD + RECORD.replace("\n", "\t\t\n"), whole).warnings).toEqual([]);
  const far = RECORD.replace("\n", `${"\t".repeat(240_000)}x\n`);
  expect(checkVcf(HEAD + far, whole).help).toBe("Line 4 has 240010 columns, the #CHROM line names 10.");
});

test("an excerpt in which no record can be read is not refused: the rest may be good", () => {
  const excerpt = `${HEAD}chr1\t1\nchr1\t2\nchr1`;
  expect(checkVcf(excerpt, { complete: false })).toMatchObject({
    kind: "fits",
    warnings: [expect.stringContaining("2 records")],
  });
  expect(checkVcf(excerpt, whole)).toMatchObject({
    kind: "refused",
    problem: "None of the file's 3 records can be read.",
  });
});

test("other text is refused", () => {
  expect(checkVcf("name,age\nada,36\n", whole)).toMatchObject({
    kind: "refused",
    problem: "This is not a VCF file: its first line is not ##fileformat=VCF...",
  });
  expect(checkVcf("##fileformat=VCFv4.2\n", whole)).toMatchObject({
    problem: expect.stringContaining("no #CHROM line"),
  });
  expect(checkVcf("BEGIN:VCARD\nVERSION:3.0\n", whole).problem).toContain("address book");
});

test.each([
  [[], "The file is empty."],
  [[0x50, 0x4b, 3, 4], "This is a zip archive (an Excel workbook or a compressed folder), not a VCF."],
  [[0xff, 0xfe, 0x23], "The file is UTF-16 text."],
  [[0x89, 0x50, 0x4e, 0x47], "This is a picture, not a VCF."],
  [[0x1f, 0x8b, 8], undefined],
  [[0x23, 0x23], undefined],
])("bytes %j: %s", (bytes, sentence) => expect(checkMagic(Uint8Array.from(bytes))?.problem).toBe(sentence));

test.each([
  ["gzip in gzip", gzipSync(gzipSync(HEAD)), "The file was compressed twice (gzip in gzip)."],
  ["UTF-16", gzipSync(Buffer.from(`\ufeff${HEAD}`, "utf16le")), "The file is UTF-16 text."],
  ["nothing", gzipSync(""), "The file is empty."],
])("what is inside a compressed file is named as the annotator names it: %s", async (_, bytes, problem) => {
  expect(await checkFile(new File([bytes], "a.vcf.gz"))).toMatchObject({ kind: "refused", problem });
  expect(await checkFile(new File([gzipSync(HEAD + RECORD)], "b.vcf.gz"))).toMatchObject({ kind: "fits" });
});

test("a file that is no text is refused with what to do", () => {
  expect(checkMagic(new TextEncoder().encode("BCF\x02\x02"))?.help).toContain("bcftools view -O z");
});
