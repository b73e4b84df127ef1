import { canonicalContig } from "@elastic-gas/shared/vcf/contigs";
import { otherColumns, type RecordColumns, readRecord } from "@elastic-gas/shared/vcf/record";
import type { Chromosome } from "../pack/chromosome.ts";
import type { BuildData } from "../pack/pack.ts";
import type { Sequence } from "../pack/sequence.ts";
import type { Stretch } from "../pack/stretch.ts";
import { allelesOf, isSequence, MAX_ALLELES } from "../vcf/alleles.ts";
import { TabCounter } from "../vcf/count-tabs.ts";
import type { InfoField } from "../vcf/header.ts";
import { appendInfo, encodeInfoValue, withoutKeys } from "../vcf/info.ts";
import { headEnd, LINE_FEED, MAX_HEAD_BYTES } from "../vcf/lines.ts";
import {
  type Annotation,
  alleleText,
  annotate,
  annotatePlace,
  infoText,
  rsNumbers,
  stretchOf,
} from "./annotate-record.ts";
import type { ByteSink } from "./byte-sink.ts";
import { CONSEQUENCE_ALT_FIELD, CONSEQUENCE_FIELD, HGVS_ALT_FIELD, HGVS_FIELD } from "./consequence-fields.ts";
import { proteinChange } from "./hgvs.ts";
import { type LiftedRecord, liftRecord } from "./lift-record.ts";
import { oddEnd, placesOf } from "./places.ts";
import { type ContigTally, FIRST_RECORDS, SUBSTITUTION_CODES, type Tally } from "./tally.ts";
import { isBeyondEnd } from "./telomere.ts";
import type { Oddity } from "./warnings.ts";

/** What bcftools csq says of one record. */
export interface Called {
  /** Values of BCSQ, each once. */
  readonly values: readonly string[];
  /** For each value the numbers of the ALTs that it is of, 1 = the first. */
  readonly alts: readonly (readonly number[])[];
}

/** Consequences of the records in the file's order; asked once per record that can be read. */
export interface Consequences {
  /**
   * Those of the record with this ordinal (0 = first readable record). The same object as for the record before where
   * they are the same.
   */
  take(ordinal: number): Called;
}

interface Setting {
  readonly build: BuildData | undefined;
  /** Number of the first line after the header, 1 = first of the file. */
  readonly firstLine: number;
  /** How many columns the #CHROM line names; null when it does not tell. */
  readonly columns: number | null;
  /** Our INFO keys: their values of an earlier annotation are replaced. */
  readonly ownKeys: ReadonlySet<string>;
  readonly consequences: Consequences | null;
  /** True for a name of the mitochondrion that stands for another sequence than the pack's. */
  readonly isOtherMitochondrion: (name: string) => boolean;
  readonly tally: Tally;
}

/** A line of a block, without its line feed. */
interface Line {
  readonly start: number;
  readonly end: number;
  readonly out: ByteSink;
  readonly tabs: TabCounter;
}

/** A contig of the file, by the name that it has there. */
interface Contig {
  readonly name: string;
  readonly bytes: Buffer;
  readonly chromosome: Chromosome | null;
  readonly oddity: Oddity | null;
  readonly counts: ContigTally;
}

/** Where every substitution has the same annotation, which was looked up once. */
interface CommonStretch extends Stretch {
  readonly annotation: Annotation;
  /** False where a variant of ClinVar begins: then REF and ALT matter. */
  readonly isCommon: boolean;
  /** 1 where ClinVar's variants are known, else 0. */
  readonly inClinvar: number;
  /** What is added to INFO, after a semicolon: before what depends on the alleles and after it. */
  readonly added: Uint8Array;
  readonly addedLast: Uint8Array;
  records: number;
}

/** Consequences that some records in a row have. */
interface CommonConsequences {
  readonly called: Called;
  /** What is added to INFO, after a semicolon; empty without any. */
  readonly added: Uint8Array;
  records: number;
}

const [TAB, RETURN, HASH, DOT, SEMICOLON] = [9, 13, 35, 46, 59];
const [LOWER_R, LOWER_S] = [114, 115];
const NOTHING: Annotation = { genes: [], regions: [], band: "", clinvar: [], rs: [], frequencies: [], intervals: [] };
export const NONE_CALLED: Called = { values: [], alts: [] };
const NO_BYTES = new Uint8Array(0);
const NO_STRETCH: CommonStretch = {
  from: 0,
  to: -1,
  annotation: NOTHING,
  isCommon: false,
  inClinvar: 0,
  added: NO_BYTES,
  addedLast: NO_BYTES,
  records: 0,
};
/** Those that `headEnd` ends with. */
const HEAD_COLUMNS = 8;
/** Contigs kept apart; a file can name any number. */
const MAX_CONTIGS = 1_000;
/** More bases of a REF than this are not compared with the sequence. */
const MAX_COMPARED = 1_000;

/**
 * Annotates the records' lines: all bytes but ID (when it is empty) and INFO come out as they went in. Most records of
 * most files are single substitutions, which `#substitution` handles in bytes alone; `#record` handles everything.
 */
export class LineAnnotator {
  readonly #setting: Setting;
  readonly #contigs = new Map<string, Contig>();
  #contig: Contig = {
    name: "",
    bytes: Buffer.alloc(0),
    chromosome: null,
    oddity: null,
    counts: { records: 0, annotated: 0, inClinvar: 0, inSequence: 0 },
  };
  #stretch = NO_STRETCH;
  #consequences: CommonConsequences = { called: NONE_CALLED, added: NO_BYTES, records: 0 };
  #line: number;
  #ordinal = 0;
  /** The block's bytes from here on are not in the output yet. */
  #pending = 0;

  constructor(setting: Setting) {
    this.#setting = setting;
    this.#line = setting.firstLine - 1;
  }

  /** Annotates a block of whole lines after the header into `out`. */
  block(bytes: Buffer, out: ByteSink): void {
    const { build, consequences, tally } = this.#setting;
    const hasOwnKeys =
      bytes.indexOf("GAS_", 0, "latin1") !== -1 || (consequences !== null && bytes.indexOf("BCSQ", 0, "latin1") !== -1);
    const isPlain = build?.liftTo === null && !hasOwnKeys;
    this.#pending = 0;
    // One for all lines, for there are millions.
    const line = { start: 0, end: 0, out, tabs: new TabCounter(bytes) };
    for (; line.start < bytes.length; line.start = line.end + 1) {
      const feed = bytes.indexOf(LINE_FEED, line.start);
      line.end = feed === -1 ? bytes.length : feed;
      this.#line += 1;
      const isDone = isPlain && tally.records >= FIRST_RECORDS && this.#substitution(bytes, line);
      if (!isDone) this.#any(bytes, line);
    }
    out.copy(bytes, this.#pending, bytes.length);
  }

  /** Counts what is still kept back. */
  finish(): void {
    this.#endStretch();
    this.#endConsequences();
    for (const { counts, chromosome } of this.#contigs.values()) {
      if (chromosome !== null) this.#setting.tally.addLookedUp(chromosome, counts);
    }
  }

  /**
   * Annotates the line when it is a substitution of one base on the same contig as the record before. False: not
   * handled, nothing changed.
   */
  #substitution(bytes: Buffer, { start, end, out, tabs }: Line): boolean {
    const { columns, consequences, tally } = this.#setting;
    const { bytes: name, chromosome, counts } = this.#contig;
    let at = start;
    for (let index = 0; index < name.length; index += 1) if (bytes[at++] !== name[index]) return false;
    if (chromosome === null || bytes[at++] !== TAB) return false;

    let pos = 0;
    const posEnd = at + 9;
    for (let byte = bytes[at] ?? 0; byte !== TAB; byte = bytes[++at] ?? 0) {
      if (byte < 48 || byte > 57 || at >= posEnd) return false;
      pos = pos * 10 + byte - 48;
    }
    const idStart = ++at;
    for (let byte = bytes[at]; byte !== TAB; byte = bytes[++at]) if (byte === SEMICOLON || at >= end) return false;
    const idEnd = at;
    const hasNoId = bytes[idStart] === DOT;
    if (idEnd === idStart || (hasNoId && idEnd > idStart + 1)) return false;
    const [ref, alt] = [bytes[at + 1] ?? 0, bytes[at + 3] ?? 0];
    const code = SUBSTITUTION_CODES[(ref << 8) | alt] ?? -1;
    if (code < 0 || bytes[at + 2] !== TAB || bytes[at + 4] !== TAB) return false;
    at += 5;
    for (let passed = 0; passed < 2; at += 1) {
      if (at >= end) return false;
      if (bytes[at] === TAB) passed += 1;
    }
    const infoStart = at;
    while (at < end && bytes[at] !== TAB) at += 1;
    const infoEnd = at === end && bytes[at - 1] === RETURN ? at - 1 : at;
    if (infoEnd <= infoStart || bytes[infoEnd - 1] === SEMICOLON) return false;
    if (columns !== null && tabs.count(at, end) !== columns - HEAD_COLUMNS) return false;

    if (pos < this.#stretch.from || pos > this.#stretch.to) {
      if (pos < 1 || pos > (chromosome.length ?? pos)) return false;
      this.#beginStretch(chromosome, pos);
    }
    const stretch = this.#stretch;
    if (!stretch.isCommon) return false;
    const base = chromosome.sequence?.base(pos);
    if (base !== undefined && base !== ref) return false;

    stretch.records += 1;
    counts.records += 1;
    counts.annotated += 1;
    counts.inClinvar += stretch.inClinvar;
    if (base !== undefined) counts.inSequence += 1;
    const own = byAllele(chromosome, pos, { ref, alt });
    let isRs = bytes[idStart] === LOWER_R && bytes[idStart + 1] === LOWER_S && isDigit(bytes[idStart + 2]);
    if (hasNoId && own !== null && own.id !== "") {
      isRs = true;
      out.copy(bytes, this.#pending, idStart);
      out.write(own.id);
      this.#pending = idEnd;
    }
    tally.addSubstitution(code, isRs);
    const isEmpty = bytes[infoStart] === DOT && infoEnd === infoStart + 1;
    out.copy(bytes, this.#pending, isEmpty ? infoStart : infoEnd);
    out.copy(stretch.added, isEmpty ? 1 : 0, stretch.added.length);
    if (own !== null) out.write(own.added);
    out.copy(stretch.addedLast, 0, stretch.addedLast.length);
    if (consequences !== null) {
      const { added } = this.#takeCalled(consequences);
      out.copy(added, 0, added.length);
    }
    this.#pending = infoEnd;
    return true;
  }

  /** The consequences of the record in hand. */
  #takeCalled(consequences: Consequences): CommonConsequences {
    const called = consequences.take(this.#ordinal);
    this.#ordinal += 1;
    if (called !== this.#consequences.called) {
      this.#endConsequences();
      const text = called.values.length === 0 ? "" : `;${consequenceText(called, false)}`;
      this.#consequences = { called, added: Buffer.from(text, "latin1"), records: 0 };
    }
    this.#consequences.records += 1;
    return this.#consequences;
  }

  #endConsequences(): void {
    const { called, records } = this.#consequences;
    for (const consequence of called.values)
      this.#setting.tally.addConsequence(consequence.slice(0, consequence.indexOf("|")), records);
  }

  #beginStretch(chromosome: Chromosome, pos: number): void {
    this.#endStretch();
    const stretch = stretchOf(chromosome, pos);
    const annotation = { ...NOTHING, ...annotatePlace(chromosome, { from: pos, to: pos }) };
    const { intervals } = annotation;
    const text = infoText({ ...annotation, intervals: [] });
    this.#stretch = {
      ...stretch,
      annotation,
      isCommon: text !== "" && chromosome.clinvar?.has(pos) !== true,
      inClinvar: chromosome.clinvar?.covers(pos) === true ? 1 : 0,
      added: Buffer.from(`;${text}`, "latin1"),
      addedLast: intervals.length === 0 ? NO_BYTES : Buffer.from(`;${infoText({ ...NOTHING, intervals })}`, "latin1"),
      records: 0,
    };
  }

  #endStretch(): void {
    if (this.#stretch.records > 0) this.#setting.tally.addAnnotation(this.#stretch.annotation, this.#stretch.records);
    this.#stretch = NO_STRETCH;
  }

  #any(bytes: Buffer, { start, end, out, tabs }: Line): void {
    const { columns, tally } = this.#setting;
    if (bytes[start] === HASH) {
      tally.note("secondHeader", this.#line, bytes.toString("latin1", start, Math.min(end, start + 40)));
      return;
    }
    const lineEnd = headEnd(bytes, start, end);
    if (lineEnd - start > MAX_HEAD_BYTES) {
      tally.note("tooLong", this.#line);
      tally.addPassedThrough();
      return;
    }
    const head = bytes.toString("latin1", start, lineEnd);
    if (head.trim() === "" && lineEnd + 1 >= end) {
      tally.note("blank", this.#line);
      return;
    }
    const record = readRecord(head);
    if ("problem" in record) {
      tally.addUnreadable(this.#line, record.problem);
      return;
    }
    if (columns !== null && tabs.count(lineEnd, end) !== columns - HEAD_COLUMNS) {
      const odd = otherColumns(bytes.toString("latin1", start, bytes[end - 1] === RETURN ? end - 1 : end), columns);
      if (odd !== null) {
        tally.addUnreadable(this.#line, odd.problem);
        // It has an ordinal all the same.
        this.#ordinal += 1;
        return;
      }
    }
    const annotated = this.#record(head, record);
    if (annotated === head) return;
    out.copy(bytes, this.#pending, start);
    out.write(annotated);
    this.#pending = lineEnd;
  }

  /** The first eight columns with our annotation. */
  #record(line: string, record: RecordColumns): string {
    const { consequences, ownKeys, tally } = this.#setting;
    const contig = this.#contigOf(record.chrom);
    contig.counts.records += 1;
    const called = consequences === null ? NONE_CALLED : this.#takeCalled(consequences).called;
    if (record.alt.length > MAX_ALLELES && hasTooManyAlleles(record.alt)) {
      tally.note("tooManyAlleles", this.#line);
      tally.addPassedThrough();
      return line;
    }
    const alleles = allelesOf(record);
    const annotation = this.#lookUp(record, { contig, alleles });
    this.#noteAlleles(record);

    const rs = annotation !== null && isMissing(record.id) ? rsNumbers(annotation.rs) : "";
    const id = rs === "" ? record.id : rs;
    let added = annotation === null ? "" : infoText(annotation);
    if (called.values.length > 0)
      added = `${added === "" ? "" : `${added};`}${consequenceText(called, alleles.length > 1)}`;
    tally.addRecord(record, { id, alleles, annotation, called: called.values });

    const info = withoutKeys(record.info, ownKeys);
    if (info !== record.info) tally.note("replaced", this.#line);
    if (added === "" && rs === "" && info === record.info) return line;
    return (
      line.slice(0, record.idStart) +
      id +
      line.slice(record.idEnd, record.infoStart) +
      appendInfo(info, added) +
      line.slice(record.infoEnd)
    );
  }

  /** Null when there is nothing to look up; the reason is noted. */
  #lookUp(
    record: RecordColumns,
    { contig, alleles }: { contig: Contig; alleles: ReturnType<typeof allelesOf> },
  ): Annotation | null {
    const { build, tally } = this.#setting;
    const { chromosome, oddity, name } = contig;
    const places = placesOf(record, alleles);
    if (places === null) {
      tally.note("referenceBlock", this.#line);
      return null;
    }
    if (chromosome === null) {
      if (oddity !== null) tally.note(oddity, this.#line, name);
      tally.addUnmatched(oddity === "unknownContig" ? name : null);
      return null;
    }
    if (chromosome.length !== null && isBeyondEnd(record.pos, chromosome.length)) {
      const ends = `${record.chrom}:${record.pos}, where it has ${chromosome.length} bases in ${build?.name}`;
      tally.note("beyondEnd", this.#line, ends);
      tally.addBeyondEnd(canonicalContig(record.chrom), record.pos);
      tally.addUnmatched(null);
      return null;
    }
    const end = oddEnd(record, { alleles, length: chromosome.length });
    if (end !== undefined) tally.note("oddEnd", this.#line, end);
    const lifted = build?.liftTo ? liftRecord(record, places, build) : null;
    if (lifted !== null && build?.liftTo)
      return this.#lookUpLifted(lifted, { own: chromosome, to: build.liftTo, from: record.pos, end: places.end });
    if (build?.liftTo) tally.note("notLifted", this.#line, `${record.chrom}:${record.pos}`);
    const annotation = annotate(record, alleles, {
      chromosome,
      places,
      chromosomeOf: (other) => this.#chromosomeOf(other).chromosome,
    });
    if (this.#compareRef(record, chromosome.sequence, build?.name ?? "")) contig.counts.inSequence += 1;
    contig.counts.annotated += 1;
    if (chromosome.clinvar?.covers(record.pos) === true) contig.counts.inClinvar += 1;
    tally.addAnnotation(annotation, 1);
    return annotation;
  }

  /** Looks a record up where another build has its place; its band is that of its own. */
  #lookUpLifted(
    { record, places, chromosome }: LiftedRecord,
    { own, to, from, end }: { own: Chromosome; to: BuildData; from: number; end: number },
  ): Annotation {
    const { tally } = this.#setting;
    const there = annotate(record, allelesOf(record), {
      chromosome,
      places,
      chromosomeOf: (other) => to.chromosome(other) ?? null,
    });
    tally.addLookedUp(chromosome, {
      annotated: 1,
      inClinvar: chromosome.clinvar?.covers(record.pos) === true ? 1 : 0,
      inSequence: this.#compareRef(record, chromosome.sequence, to.name) ? 1 : 0,
    });
    const annotation = { ...there, band: own.bands?.name(from, end) ?? "" };
    tally.addAnnotation(annotation, 1);
    return annotation;
  }

  /** Notes a REF that is not what the build has there. False when the sequence does not tell. */
  #compareRef({ chrom, pos, ref }: RecordColumns, sequence: Sequence | null, build: string): boolean {
    if (sequence === null || sequence.base(pos) === undefined) return false;
    for (let offset = 0; offset < Math.min(ref.length, MAX_COMPARED); offset += 1) {
      const known = sequence.base(pos + offset);
      const given = ref.charCodeAt(offset) & 0xdf; // upper case
      if (known === undefined || known === given || !BASE_CODES.has(given)) continue;
      const [own, other] = [String.fromCharCode(given), String.fromCharCode(known)];
      this.#setting.tally.note(
        "otherRef",
        this.#line,
        `${chrom}:${pos + offset} is ${own} in the file and ${other} in ${build}`,
      );
      break;
    }
    return true;
  }

  #noteAlleles({ ref, alt }: RecordColumns): void {
    const odd = [ref, ...alt.split(",")].find((allele) => !isSequence(allele) && !/^[<.*]|[[\]]|\.$/.test(allele));
    if (odd !== undefined) this.#setting.tally.note("notBases", this.#line, odd);
  }

  #contigOf(name: string): Contig {
    if (name === this.#contig.name) return this.#contig;
    this.#endStretch();
    let contig = this.#contigs.get(name);
    if (contig === undefined) {
      // A copy: a slice would keep the whole block in memory.
      const bytes = Buffer.from(name, "latin1");
      const own = bytes.toString("latin1");
      const isKept = this.#contigs.size < MAX_CONTIGS;
      contig = {
        name: own,
        bytes,
        ...this.#chromosomeOf(own),
        counts: this.#setting.tally.contig(isKept ? own : null),
      };
      if (isKept) this.#contigs.set(own, contig);
    }
    this.#contig = contig;
    return contig;
  }

  #chromosomeOf(name: string): { readonly chromosome: Chromosome | null; readonly oddity: Oddity | null } {
    const { build, isOtherMitochondrion } = this.#setting;
    if (build === undefined) return { chromosome: null, oddity: null };
    if (isOtherMitochondrion(name)) return { chromosome: null, oddity: "otherMitochondrion" };
    const chromosome = build.chromosome(canonicalContig(name)) ?? null;
    return { chromosome, oddity: chromosome === null ? "unknownContig" : null };
  }
}

/** What the sources tell of a substitution: its rs number as an ID, and what is added to INFO. Null without any. */
function byAllele(
  { rs, frequencies }: Chromosome,
  pos: number,
  bases: { readonly ref: number; readonly alt: number },
): { readonly id: string; readonly added: string } | null {
  if (rs === null && frequencies === null) return null;
  const allele = { pos, ref: String.fromCharCode(bases.ref), alt: String.fromCharCode(bases.alt) };
  const number = rs?.find(allele)?.[0];
  const values = frequencies?.find(allele);
  if (number === undefined && values === undefined) return null;
  return {
    id: number === undefined || number === "" ? "" : `rs${number}`,
    added: alleleText({
      rs: number === undefined ? [] : [number],
      frequencies: values === undefined ? [] : [values],
    }),
  };
}

const BASE_CODES: ReadonlySet<number> = new Set([65, 67, 71, 84]);

/** In a record of several ALTs with the numbers of those that each consequence and protein change is of. */
function consequenceText({ values, alts }: Called, hasSeveralAlts: boolean): string {
  const changes = new Map<string, Set<number>>();
  for (const [index, value] of values.entries()) {
    const change = proteinChange(value);
    if (change === undefined) continue;
    const known = changes.get(change) ?? new Set();
    for (const alt of alts[index] ?? []) known.add(alt);
    changes.set(change, known);
  }
  const numbered = (field: InfoField, of: Iterable<Iterable<number>>) =>
    hasSeveralAlts
      ? `;${field.key}=${Array.from(of, (numbers) => [...numbers].sort((a, b) => a - b).join("&")).join(",")}`
      : "";
  const text = `${CONSEQUENCE_FIELD.key}=${values.join(",")}${numbered(CONSEQUENCE_ALT_FIELD, alts)}`;
  if (changes.size === 0) return text;
  const names = [...changes.keys()].map(encodeInfoValue).join(",");
  return `${text};${HGVS_FIELD.key}=${names}${numbered(HGVS_ALT_FIELD, changes.values())}`;
}

/** An ID that says nothing: `.`, empty, or dots only. */
function isMissing(id: string): boolean {
  return id === "." || /^[.;]*$/.test(id);
}

function hasTooManyAlleles(alt: string): boolean {
  let commas = 0;
  for (let at = alt.indexOf(","); at !== -1; at = alt.indexOf(",", at + 1)) {
    commas += 1;
    if (commas >= MAX_ALLELES) return true;
  }
  return false;
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 48 && byte <= 57;
}
