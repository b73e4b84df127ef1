/** The first eight columns of a record, and where the rest begins. */
export interface RecordColumns {
  readonly chrom: string;
  readonly pos: number;
  readonly id: string;
  readonly ref: string;
  readonly alt: string;
  readonly info: string;
  /**
   * Index in the line of the ID column's first character, of the one after it, of INFO's first and of the one after it.
   */
  readonly idStart: number;
  readonly idEnd: number;
  readonly infoStart: number;
  readonly infoEnd: number;
}

export interface Malformed {
  /** Follows `Line 31 `. */
  readonly problem: string;
}

const NEEDED_COLUMNS = 8;

/** Reads a record's line, without its line end. */
export function readRecord(line: string): RecordColumns | Malformed {
  const chromEnd = line.indexOf("\t");
  const posEnd = tabAfter(line, chromEnd);
  const idEnd = tabAfter(line, posEnd);
  const refEnd = tabAfter(line, idEnd);
  const altEnd = tabAfter(line, refEnd);
  const qualEnd = tabAfter(line, altEnd);
  const filterEnd = tabAfter(line, qualEnd);
  if (filterEnd === -1) return tooFewColumns(line);
  const nextTab = line.indexOf("\t", filterEnd + 1);
  const infoEnd = nextTab === -1 ? line.length : nextTab;
  const pos = readPosition(line, chromEnd + 1, posEnd);
  if (pos === -1)
    return { problem: `has "${excerpt(line.slice(chromEnd + 1, posEnd))}" where the position (a number) is expected.` };
  if (chromEnd === 0 || refEnd === idEnd + 1 || altEnd === refEnd + 1)
    return { problem: "lacks a chromosome, a REF or an ALT." };
  return {
    chrom: line.slice(0, chromEnd),
    pos,
    id: line.slice(posEnd + 1, idEnd),
    ref: line.slice(idEnd + 1, refEnd),
    alt: line.slice(refEnd + 1, altEnd),
    info: line.slice(filterEnd + 1, infoEnd),
    idStart: posEnd + 1,
    idEnd,
    infoStart: filterEnd + 1,
    infoEnd,
  };
}

/**
 * How many columns a #CHROM line names; null when it names less than a record needs, so that it tells nothing of them.
 */
export function columnsNamed(chromLine: string): number | null {
  const columns = chromLine.trimEnd().split("\t").length;
  return columns < NEEDED_COLUMNS ? null : columns;
}

/**
 * What is odd about the number of a record's columns, as `readRecord` would say it; null when there are as many as the
 * #CHROM line names. Behind those, columns that are empty do not count: spreadsheets add tabs to lines.
 */
export function otherColumns(line: string, named: number): Malformed | null {
  const columns = line.split("\t").length;
  // Not by a pattern for tabs at the end: it takes minutes for a line of many tabs that does not end in one.
  let end = line.length;
  while (line[end - 1] === "\t") end -= 1;
  const filled = columns - (line.length - end);
  if (filled <= named && named <= columns) return null;
  const found = columns < named ? columns : filled;
  return { problem: `has ${found} columns, the #CHROM line names ${named}.` };
}

function tabAfter(line: string, before: number): number {
  return before === -1 ? -1 : line.indexOf("\t", before + 1);
}

/** A whole number of digits only, -1 for anything else. */
function readPosition(text: string, start: number, end: number): number {
  if (start === end || end - start > 10) return -1;
  let value = 0;
  for (let index = start; index < end; index += 1) {
    const digit = text.charCodeAt(index) - 48;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}

function excerpt(text: string): string {
  return text.length > 40 ? `${text.slice(0, 39)}…` : text;
}

function tooFewColumns(line: string): Malformed {
  const columns = line.split("\t").length;
  // The start is enough to tell, and a line may be long.
  const hint = line.slice(0, 4_096).trim().split(/\s+/).length >= NEEDED_COLUMNS ? " Spaces instead of tabs?" : "";
  return { problem: `has ${columns} column${columns === 1 ? "" : "s"}, ${NEEDED_COLUMNS} are needed.${hint}` };
}
