/** Why a file could not be annotated, in a sentence that its owner understands; it becomes the job's `failure`. */
export class AnnotationFailure extends Error {
  override readonly name = "AnnotationFailure";
}

export const FAILURES = {
  empty: "The file is empty.",
  zip: "This is a zip archive (Excel or a compressed folder), not a VCF. Unpack it and upload the .vcf file inside, or compress it with gzip.",
  utf16: "The file is UTF-16 text. A VCF must be UTF-8: save it again as plain UTF-8 text.",
  bcf: "This is a BCF file, the binary form of VCF. Convert it with: bcftools view -O z -o file.vcf.gz file.bcf",
  otherCompression:
    "The file is compressed in a way that is not supported. VCF files may be plain, gzip or bgzip (.gz, .bgz).",
  notVcf: "This is not a VCF file: its first line is not ##fileformat=VCF...",
  noChromLine: "The file has no #CHROM line, which must stand between the ## lines and the records.",
  truncated: "The compressed file is cut off before its end. Upload it again.",
  corrupt: "The compressed file is damaged. Upload it again.",
  lineTooLong: "The file has a line of more than 256 MB, which no VCF needs.",
  tooLarge: "The file is too large once decompressed.",
  engine: "The annotation engine failed. The file itself was readable; run the job again.",
} as const;

export function allMalformed(records: number, first: { readonly line: number; readonly problem: string }): string {
  const which =
    records === 1 ? "The file's only record cannot be read." : `None of the file's ${records} records can be read.`;
  return `${which} Line ${first.line} ${first.problem}`;
}

export function timedOut(seconds: number): string {
  const limit = seconds >= 120 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds)} s`;
  return `The annotation took longer than the limit of ${limit} and was ended.`;
}
