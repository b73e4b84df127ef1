import { HeaderScan, withoutMark } from "@elastic-gas/shared/vcf/header-scan";
import { AnnotationFailure, FAILURES, refused } from "./failure.ts";

export interface HeaderContig {
  readonly name: string;
  readonly length: number | null;
  readonly assembly: string | null;
  readonly species: string | null;
  /** What else its line has in place of a name, such as an accession. */
  readonly otherNames: readonly string[];
}

/**
 * What stands before the records, Latin-1. Lines are as in the file without their line feed; a carriage return stays.
 */
export interface Header {
  readonly metaLines: readonly string[];
  readonly chromLine: string;
  readonly hadByteOrderMark: boolean;
  /** `4.2`, `3.3`; null when the first line does not say. */
  readonly version: string | null;
  readonly contigs: readonly HeaderContig[];
}

const MAX_HEADER_CHARACTERS = 32 * 2 ** 20;
const CARRIAGE_RETURN = "\r";

/** Collects the header line by line; `finish` after the last line of the file in case no #CHROM line came. */
export class HeaderReader {
  readonly #scan = new HeaderScan();
  readonly #lines: string[] = [];
  #characters = 0;
  #hadByteOrderMark = false;

  /**
   * Takes a line without its line feed; returns the header when it is complete. Throws AnnotationFailure when this is
   * no VCF.
   */
  take(raw: string): Header | undefined {
    const line = this.#lines.length === 0 ? withoutMark(raw) : raw;
    this.#hadByteOrderMark ||= line !== raw;
    const step = this.#scan.take(raw);
    if (step.kind === "refused") throw refused(step.refusal);
    if (step.kind === "complete") return this.#header(line);
    this.#characters += line.length;
    if (this.#characters > MAX_HEADER_CHARACTERS) throw new AnnotationFailure(FAILURES.headerTooLong);
    this.#lines.push(line);
    return undefined;
  }

  finish(): never {
    throw refused(this.#scan.finish());
  }

  #header(chromLine: string): Header {
    return {
      metaLines: this.#lines,
      chromLine,
      hadByteOrderMark: this.#hadByteOrderMark,
      version: this.#scan.version,
      contigs: this.#lines.flatMap(readContig),
    };
  }
}

export interface InfoField {
  readonly key: string;
  /** A number, `.` for unknown, `A` for one per ALT. */
  readonly number: string;
  /** `String` when absent. */
  readonly type?: "Float";
  readonly description: string;
}

/**
 * The header with our INFO fields declared and a line that tells the source, before the #CHROM line; earlier
 * declarations of `ownKeys` go, all other lines stay byte for byte. Ends with a line end.
 */
export function headerText(
  header: Header,
  { fields, ownKeys, provenance }: { fields: readonly InfoField[]; ownKeys: ReadonlySet<string>; provenance: string },
): string {
  const kept = header.metaLines.filter(
    (line) => !ownKeys.has(infoKey(line) ?? "") && !line.startsWith("##elasticGasAnnotation="),
  );
  const old = header.version?.startsWith("3.") === true;
  const declared = fields.map(({ key, number, type = "String", description }) =>
    // VCF 3.3 writes ##INFO=key,number,type,"description", with -1 for a number that varies.
    old
      ? `##INFO=${key},${number === "1" ? "1" : "-1"},${type},"${description}"`
      : `##INFO=<ID=${key},Number=${number},Type=${type},Description="${description}">`,
  );
  const lineEnd = header.chromLine.endsWith(CARRIAGE_RETURN) ? CARRIAGE_RETURN : "";
  const added = [...declared, `##elasticGasAnnotation=${provenance}`].map((line) => line + lineEnd);
  return `${[...kept, ...added, header.chromLine].join("\n")}\n`;
}

function infoKey(line: string): string | undefined {
  if (!line.startsWith("##INFO=")) return undefined;
  return /^##INFO=([^,<>\s]+)/.exec(line)?.[1] ?? attributes(line, "##INFO=").ID;
}

function readContig(line: string): HeaderContig[] {
  if (!/^##contig=</i.test(line)) return [];
  const { ID, length, assembly, species, ...others } = attributes(line, "##contig=");
  if (ID === undefined) return [];
  return [
    {
      name: ID,
      length: length !== undefined && /^\d+$/.test(length) ? Number(length) : null,
      assembly: assembly ?? null,
      species: species ?? null,
      otherNames: Object.values(others).filter((value) => ACCESSION.test(value)),
    },
  ];
}

const ACCESSION = /^[A-Z]{1,2}_?\d{5,9}(?:\.\d+)?$/i;
const ATTRIBUTE = /\s*([A-Za-z][\w.]*)=("(?:[^"\\]|\\.)*"|[^,>]*)(?:,|>|$)/y;

/**
 * `ID`, `length` ... of `##key=<ID=...,length=...>`; what stands in quotes is one value, whatever is in it. Keys but ID
 * in lower case.
 */
function attributes(line: string, prefix: string): Readonly<Record<string, string>> {
  const found: Record<string, string> = {};
  ATTRIBUTE.lastIndex = prefix.length + 1;
  for (let match = ATTRIBUTE.exec(line); match !== null; match = ATTRIBUTE.exec(line)) {
    const [, key = "", value = ""] = match;
    const name = key === "ID" ? key : key.toLowerCase();
    found[name] ??= value.startsWith('"') ? value.slice(1, -1) : value;
  }
  return found;
}
