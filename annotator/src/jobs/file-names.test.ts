import { expect, it } from "vitest";
import { localName, outputNames } from "./file-names.ts";

it.each([
  ["test.vcf", "test.annot.vcf", "test.vcf.count.log"],
  ["a.b.vcf.gz", "a.b.annot.vcf", "a.b.vcf.count.log"],
  ["A.VCF.BGZ", "A.annot.vcf", "A.vcf.count.log"],
  ["notes.txt", "notes.txt.annot.vcf", "notes.txt.vcf.count.log"],
])("%s gives %s and %s", (name, result, log) => {
  expect(outputNames(name)).toEqual({ result, log });
});

it.each([
  ["../../etc/passwd", "__.._etc_passwd.vcf"],
  ["-rf.vcf", "_rf.vcf"],
  ["my file (1).vcf.gz", "my_file__1_.vcf"],
  ["", "input.vcf"],
])("%s is a harmless name in a folder of ours: %s", (name, local) => {
  expect(localName(name)).toBe(local);
});
