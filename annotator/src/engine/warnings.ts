import { someUnreadable } from "@elastic-gas/shared/vcf/judge";
import { excerpt } from "../vcf/lines.ts";

/** What can be odd about single lines of a file. */
export type Oddity =
  | "unreadable"
  | "beyondEnd"
  | "unknownContig"
  | "otherMitochondrion"
  | "referenceBlock"
  | "tooManyAlleles"
  | "tooLong"
  | "notBases"
  | "oddEnd"
  | "secondHeader"
  | "blank"
  | "otherRef"
  | "notLifted"
  | "replaced";

/** How often it occurred, and where first; `detail` is Latin-1 text of the file or ours. */
export interface Noted {
  count: number;
  readonly line: number;
  readonly detail: string;
}

/** One sentence that names the number, the first line and the reason. */
export function warningSentence(oddity: Oddity, { count, line, detail }: Noted): string {
  const shown = excerpt(detail);
  const n = count.toLocaleString("en-US");
  const [records, is, lie, were] =
    count === 1 ? ["1 record", "is", "lies", "was"] : [`${n} records`, "are", "lie", "were"];
  const first = count === 1 ? `It is line ${line}` : `The first is line ${line}`;
  switch (oddity) {
    case "unreadable":
      return someUnreadable(count, { line, problem: excerpt(detail, 200) });
    case "beyondEnd":
      return `${records} ${lie} beyond the end of the chromosome and ${were} not annotated. ${first}: ${shown}.`;
    case "unknownContig":
      return `${records} ${is} on contigs that the annotation pack does not know and ${were} not annotated. ${first}: ${shown}.`;
    case "otherMitochondrion":
      return `${records} on ${shown} ${were} not annotated: chrM of UCSC's hg19 (16,571 bases, NC_001807) is another sequence than the mitochondrion of the pack (16,569 bases, NC_012920). If yours has 16,569, say so in the header: ##contig=<ID=chrM,length=16569>. ${first}.`;
    case "referenceBlock":
      return `${n} reference ${count === 1 ? "block" : "blocks"} (gVCF records without a variant) ${were} passed through unchanged: they tell no variant. ${first}.`;
    case "tooManyAlleles":
      return `${records} with more than 1,000 ALT alleles ${were} passed through unchanged. ${first}.`;
    case "tooLong":
      return `${records} with more than 4\u00a0MB before the samples ${were} passed through unchanged. ${first}.`;
    case "notBases":
      return `${records} ${count === 1 ? "has" : "have"} a REF or ALT that is not a sequence of bases and ${were} annotated by position alone. ${first}: ${shown}${detail.includes("TRUE") ? " (a spreadsheet writes TRUE for T)" : ""}.`;
    case "oddEnd":
      return `${records} of structural variants ${count === 1 ? "has" : "have"} an END that is no position of the chromosome from POS on: what lies before POS or is no number was not used, and what lies beyond the chromosome was cut at its end. ${first}: ${shown}.`;
    case "secondHeader":
      if (!/^#(?:#|CHROM)/.test(detail))
        return `${n} ${count === 1 ? "line that starts" : "lines that start"} with # among the records ${were} passed through unchanged. ${first}.`;
      return `A second header begins at line ${line} (files put together?): ${count === 1 ? "its line was" : `its ${n} lines were`} passed through unchanged, and other tools will refuse the file there.`;
    case "blank":
      return `${count === 1 ? "1 blank line was" : `${n} blank lines were`} passed through unchanged. ${first}.`;
    case "otherRef":
      return `${records} ${count === 1 ? "has" : "have"} a REF that is not what the build has there: such records cannot be found by their alleles. ${first}: ${shown}.`;
    case "notLifted":
      return `${records} ${lie} where the build of the annotation pack has no counterpart and ${were} looked up in what the pack holds for the file's own build. ${first}: ${shown}.`;
    case "replaced":
      return `Values of an earlier annotation were replaced in ${records}. ${first}.`;
  }
}
