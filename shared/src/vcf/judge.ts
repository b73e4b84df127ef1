import { REFUSALS, type Refusal } from "./foreign-file.ts";
import { HeaderScan } from "./header-scan.ts";
import { columnsNamed, otherColumns, readRecord } from "./record.ts";

export interface UnreadableLine {
  readonly line: number;
  /** Follows `Line 31 `. */
  readonly problem: string;
  readonly text: string;
}

export type Judgement =
  | { readonly kind: "refused"; readonly refusal: Refusal; readonly unreadable: UnreadableLine | null }
  | {
      readonly kind: "fits";
      readonly version: string | null;
      readonly metaLines: readonly string[];
      /** Columns that the #CHROM line names; null when the excerpt ends before it. */
      readonly columns: number | null;
      readonly records: number;
      readonly unreadableRecords: number;
      readonly firstUnreadable: UnreadableLine | null;
    };

/**
 * What the annotator will make of a text: refused, or annotated with so many records passed through because they cannot
 * be read. An excerpt (`complete` false) is refused only for what no continuation can mend, and its last line is not
 * judged.
 */
export function judgeVcf(text: string, { complete }: { readonly complete: boolean }): Judgement {
  const lines = text.split("\n");
  const last = lines.pop() ?? "";
  if (complete && last !== "") lines.push(last);
  if (lines.length === 0 && complete) return { kind: "refused", refusal: REFUSALS.empty, unreadable: null };

  const scan = new HeaderScan();
  const metaLines: string[] = [];
  let columns: number | null = null;
  let named: number | null = null;
  let records = 0;
  let unreadableRecords = 0;
  let firstUnreadable: UnreadableLine | null = null;
  for (const [index, raw] of lines.entries()) {
    if (columns === null) {
      const step = scan.take(raw);
      if (step.kind === "refused") return { ...step, unreadable: null };
      if (step.kind === "complete") {
        columns = raw.trimEnd().split("\t").length;
        named = columnsNamed(raw);
      } else metaLines.push(raw);
      continue;
    }
    const line = raw.replace(/\r$/, "");
    if (line.startsWith("#") || line.trim() === "") continue;
    records += 1;
    const problem = problemOf(line, named);
    if (problem === null) continue;
    unreadableRecords += 1;
    firstUnreadable ??= { line: index + 1, problem, text: line };
  }
  if (complete && columns === null) return { kind: "refused", refusal: scan.finish(), unreadable: null };
  if (complete && firstUnreadable !== null && unreadableRecords === records)
    return { kind: "refused", refusal: allUnreadable(records, firstUnreadable), unreadable: firstUnreadable };
  return { kind: "fits", version: scan.version, metaLines, columns, records, unreadableRecords, firstUnreadable };
}

function problemOf(line: string, named: number | null): string | null {
  const record = readRecord(line);
  if ("problem" in record) return record.problem;
  return named === null ? null : (otherColumns(line, named)?.problem ?? null);
}

export function allUnreadable(records: number, { line, problem }: Omit<UnreadableLine, "text">): Refusal {
  const which =
    records === 1 ? "The file's only record cannot be read." : `None of the file's ${records} records can be read.`;
  return { problem: which, help: `Line ${line} ${problem}` };
}

/**
 * `3 records could not be parsed and were passed through unchanged; the first is line 4: it has 1 column, 8 are
 * needed.`
 */
export function someUnreadable(count: number, { line, problem }: Omit<UnreadableLine, "text">): string {
  const [which, first] =
    count === 1
      ? ["1 record could not be parsed and was", "it is"]
      : [`${count.toLocaleString("en-US")} records could not be parsed and were`, "the first is"];
  return `${which} passed through unchanged; ${first} line ${line}: it ${problem}`;
}
