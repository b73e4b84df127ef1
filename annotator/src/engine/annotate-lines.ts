import type { BuildData, Chromosome } from "../pack/pack.ts";
import { canonicalContig } from "../vcf/contigs.ts";
import { appendInfo, withoutKeys } from "../vcf/info.ts";
import { detached } from "../vcf/lines.ts";
import { allelesOf, type Malformed, type RecordColumns, readRecord } from "../vcf/record.ts";
import { annotate, infoText, rsNumbers } from "./annotate-record.ts";
import type { Tally } from "./tally.ts";

/** Consequences of the records in the file's order; asked once per record that can be read. */
export interface Consequences {
  /** Values of BCSQ for the record with this ordinal (0 = first readable record); empty without any. */
  take(ordinal: number): readonly string[];
}

export interface LineAnnotator {
  /** Annotates a block of whole lines after the header. */
  block(text: string): string;
  readonly firstMalformed: { readonly line: number; readonly problem: string } | null;
}

export const WARNINGS = {
  malformed: "Records that cannot be read passed through unchanged",
  beyondEnd: "Positions beyond the end of their chromosome were not annotated",
  unmatched: "Records on contigs that the annotation pack does not know were not annotated",
  blank: "Blank lines passed through unchanged",
  replaced: "Values of an earlier annotation were replaced",
} as const;

interface Setting {
  readonly build: BuildData | undefined;
  /** Number of the first line after the header, 1 = first of the file. */
  readonly firstLine: number;
  readonly replacedKeys: ReadonlySet<string>;
  readonly consequences: Consequences | null;
  readonly tally: Tally;
}

/** Annotates the records' lines: all bytes but ID (when it is `.`) and INFO come out as they went in. */
export function createLineAnnotator({ build, firstLine, replacedKeys, consequences, tally }: Setting): LineAnnotator {
  const chromosomes = new Map<string, Chromosome | null>();
  let lastName = "";
  let last: Chromosome | null = null;
  let lineNumber = firstLine - 1;
  let ordinal = 0;
  let firstMalformed: LineAnnotator["firstMalformed"] = null;

  const chromosomeOf = (name: string): Chromosome | null => {
    if (name === lastName) return last;
    let found = chromosomes.get(name);
    lastName = detached(name);
    if (found === undefined) {
      found = build?.chromosome(canonicalContig(name)) ?? null;
      chromosomes.set(lastName, found);
    }
    last = found;
    return found;
  };

  const malformed = ({ problem }: Malformed): void => {
    firstMalformed ??= { line: lineNumber, problem };
    tally.addMalformed();
    tally.warn(WARNINGS.malformed);
  };

  const readable = (line: string, record: RecordColumns): string => {
    const chromosome = chromosomeOf(record.chrom);
    const alleles = allelesOf(record);
    const isBeyondEnd = chromosome !== null && chromosome.length !== null && record.pos > chromosome.length;
    if (chromosome === null) tally.warn(WARNINGS.unmatched);
    if (isBeyondEnd) tally.warn(WARNINGS.beyondEnd);
    const annotation = chromosome === null || isBeyondEnd ? null : annotate(record, alleles, chromosome);

    const rs = annotation !== null && record.id === "." ? rsNumbers(annotation) : "";
    const id = rs === "" ? record.id : rs;
    let added = annotation === null || build === undefined ? "" : infoText(annotation, build);
    const called = consequences?.take(ordinal) ?? [];
    ordinal += 1;
    if (called.length > 0) {
      added = `${added === "" ? "" : `${added};`}BCSQ=${called.join(",")}`;
      for (const consequence of called)
        tally.addConsequence(consequence.slice(0, Math.max(0, consequence.indexOf("|"))) || consequence);
    }
    tally.add(record, { id, alleles, annotation, contigKnown: chromosome !== null });

    let info = record.info;
    if (replacedKeys.size > 0) {
      info = withoutKeys(info, replacedKeys);
      if (info !== record.info) tally.warn(WARNINGS.replaced);
    }
    if (added === "" && rs === "" && info === record.info) return line;
    return (
      line.slice(0, record.idStart) +
      id +
      line.slice(record.idEnd, record.infoStart) +
      appendInfo(info, added) +
      line.slice(record.infoEnd)
    );
  };

  const annotateLine = (line: string): string => {
    lineNumber += 1;
    if (line.charCodeAt(0) === 35 /* # */) return line;
    // A carriage return belongs to the line end, not to INFO.
    const body = line.endsWith("\r") ? line.slice(0, -1) : line;
    if (body.trim() === "") {
      tally.warn(WARNINGS.blank);
      return line;
    }
    const record = readRecord(body);
    if ("problem" in record) {
      malformed(record);
      return line;
    }
    const annotated = readable(body, record);
    return body.length === line.length ? annotated : `${annotated}\r`;
  };

  return {
    block(text) {
      let out = "";
      for (let start = 0; start < text.length; ) {
        const feed = text.indexOf("\n", start);
        if (feed === -1) return out + annotateLine(text.slice(start));
        out += annotateLine(text.slice(start, feed));
        out += "\n";
        start = feed + 1;
      }
      return out;
    },
    get firstMalformed() {
      return firstMalformed;
    },
  };
}
