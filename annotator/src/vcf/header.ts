import { AnnotationFailure, FAILURES } from "./failure.ts";

export interface HeaderContig {
  readonly name: string;
  readonly length: number | null;
}

/** What stands before the records. Lines are without line ends. */
export interface Header {
  readonly metaLines: readonly string[];
  readonly chromLine: string;
  readonly lineEnd: "\n" | "\r\n";
  readonly hadByteOrderMark: boolean;
  /** `4.2`, `3.3`; null when the first line does not say. */
  readonly version: string | null;
  readonly contigs: readonly HeaderContig[];
  readonly infoKeys: ReadonlySet<string>;
}

const BYTE_ORDER_MARK = "\u00ef\u00bb\u00bf"; // UTF-8's, read as Latin-1

/** Collects the header line by line; `finish` after the last line of the file in case no #CHROM line came. */
export class HeaderReader {
  readonly #lines: string[] = [];
  #lineEnd: "\n" | "\r\n" = "\n";
  #hadByteOrderMark = false;

  /** Takes a line without its line feed; returns the header when it is complete. Throws AnnotationFailure when this is no VCF. */
  take(raw: string): Header | undefined {
    let line = raw;
    if (line.endsWith("\r")) {
      line = line.slice(0, -1);
      this.#lineEnd = "\r\n";
    }
    if (this.#lines.length === 0) {
      if (line.startsWith(BYTE_ORDER_MARK)) {
        this.#hadByteOrderMark = true;
        line = line.slice(BYTE_ORDER_MARK.length);
      }
      if (!line.startsWith("##") && !isChromLine(line)) throw new AnnotationFailure(FAILURES.notVcf);
    }
    if (isChromLine(line)) return this.#header(line);
    if (!line.startsWith("#") && line.trim() !== "") this.finish();
    this.#lines.push(line);
    return undefined;
  }

  finish(): never {
    throw new AnnotationFailure(versionOf(this.#lines[0]) === null ? FAILURES.notVcf : FAILURES.noChromLine);
  }

  #header(chromLine: string): Header {
    const metaLines = this.#lines;
    return {
      metaLines,
      chromLine,
      lineEnd: this.#lineEnd,
      hadByteOrderMark: this.#hadByteOrderMark,
      version: versionOf(metaLines[0]),
      contigs: metaLines.flatMap(readContig),
      infoKeys: new Set(metaLines.flatMap((line) => infoKey(line) ?? [])),
    };
  }
}

export interface InfoField {
  readonly key: string;
  /** A number, `.` for unknown, `A` for one per ALT. */
  readonly number: string;
  readonly description: string;
}

/** The header with our INFO fields declared (earlier declarations of them replaced) and a line that tells the source; ends with a line end. */
export function headerText(header: Header, fields: readonly InfoField[], provenance: string): string {
  const ours = new Set(fields.map((field) => field.key));
  const kept = header.metaLines.filter(
    (line) => !ours.has(infoKey(line) ?? "") && !line.startsWith("##elasticGasAnnotation="),
  );
  const old = header.version?.startsWith("3.") === true;
  const declared = fields.map(({ key, number, description }) =>
    // VCF 3.3 writes ##INFO=key,number,type,"description", with -1 for a number that varies.
    old
      ? `##INFO=${key},${number === "1" ? "1" : "-1"},String,"${description}"`
      : `##INFO=<ID=${key},Number=${number},Type=String,Description="${description}">`,
  );
  return [...kept, ...declared, `##elasticGasAnnotation=${provenance}`, header.chromLine]
    .map((line) => line + header.lineEnd)
    .join("");
}

function isChromLine(line: string): boolean {
  return /^#CHROM(?:\s|$)/.test(line);
}

function versionOf(line: string | undefined): string | null {
  return /^##(?:file)?format=VCFv?(\d+(?:\.\d+)?)/i.exec(line ?? "")?.[1] ?? null;
}

function infoKey(line: string): string | undefined {
  return /^##INFO=(?:<(?:.*?,)?ID=)?([^,>\s]+)/.exec(line)?.[1];
}

function readContig(line: string): HeaderContig[] {
  const body = /^##contig=<(.*)>\s*$/i.exec(line)?.[1];
  const name = body === undefined ? undefined : /(?:^|,)ID=([^,]+)/.exec(body)?.[1];
  if (body === undefined || name === undefined) return [];
  const length = /(?:^|,)length=(\d+)/i.exec(body)?.[1];
  return [{ name, length: length === undefined ? null : Number(length) }];
}
