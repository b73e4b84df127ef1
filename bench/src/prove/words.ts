import { UsageError } from "@elastic-gas/shared/command-line";
import { quantile } from "./load.ts";

const NO_BREAK = "\u00a0";

/** `120 ms` below a second, `95 s` below two minutes, then `12.5 min`. */
export function timeSpan(milliseconds: number): string {
  const seconds = milliseconds / 1_000;
  if (seconds < 1) return `${Math.round(milliseconds)}${NO_BREAK}ms`;
  if (seconds < 10) return `${seconds.toFixed(1)}${NO_BREAK}s`;
  if (seconds < 120) return `${Math.round(seconds)}${NO_BREAK}s`;
  return `${(seconds / 60).toFixed(1)}${NO_BREAK}min`;
}

/** Milliseconds of `90s`, `30m` or `8h`. */
export function readDuration(text: string): number {
  const [, amount, unit] = /^(\d+(?:\.\d+)?)(s|m|h)$/.exec(text) ?? [];
  if (amount === undefined || unit === undefined)
    throw new UsageError(`"${text}" is no duration. Write it as 90s, 30m or 8h.`);
  return Number(amount) * { s: 1_000, m: 60_000, h: 3_600_000 }[unit as "s" | "m" | "h"];
}

/** `299.4 s`, where a tenth of a second matters also after minutes. */
export function seconds(milliseconds: number): string {
  return `${(milliseconds / 1_000).toFixed(1)}${NO_BREAK}s`;
}

/** Median and 95th percentile of durations in milliseconds: `22.4 s / 27.4 s`. */
export function medianAndP95(values: readonly number[]): string {
  const [middle, high] = [quantile(values, 0.5), quantile(values, 0.95)];
  return middle === null || high === null ? "not measured" : `${seconds(middle)} / ${seconds(high)}`;
}

/** `7:05`: minutes and seconds since `from`. */
export function sinceStart(at: number, from: number): string {
  const seconds = Math.max(0, Math.round((at - from) / 1_000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

export function percent(value: number | null): string {
  return value === null ? "" : `${value.toFixed(1)}${NO_BREAK}%`;
}

export function count(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}

/** A table in Markdown; the first column is text, the others are numbers when `numbers` says so. */
export function table(
  head: readonly string[],
  rows: readonly (readonly (string | number)[])[],
  { numbers = false }: { readonly numbers?: boolean } = {},
): string {
  const line = (cells: readonly (string | number)[]) => `| ${cells.map(cell).join(" | ")} |`;
  const rule = head.map((_, index) => (numbers && index > 0 ? "---:" : "---"));
  return [line(head), line(rule), ...rows.map(line)].join("\n");
}

function cell(value: string | number): string {
  return String(value).replaceAll("|", "\\|").replaceAll("\n", " ");
}
