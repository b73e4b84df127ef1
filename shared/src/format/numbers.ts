/**
 * How numbers, sizes and shares are written, in pages, mails, logs and the command line alike. A no-break space stands
 * before a unit.
 */

export const NO_BREAK_SPACE = "\u00a0";

const GROUPED = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
const ONE_DECIMAL = new Intl.NumberFormat("en-US", { maximumFractionDigits: 1 });
const BYTE_UNITS = ["B", "KB", "MB", "GB", "TB"] as const;

/** A whole number: `1,372`. */
export function formatCount(count: number): string {
  return GROUPED.format(count);
}

/** A count with its noun: `1 job`, `2 jobs`, `3 retries`. */
export function formatCountOf(count: number, noun: string, plural = `${noun}s`): string {
  return `${formatCount(count)} ${count === 1 ? noun : plural}`;
}

/** A measured number, with one decimal when it is not 0: `78.2`, `70`. */
export function formatNumber(value: number): string {
  return ONE_DECIMAL.format(value);
}

/** A number that is in percent already: `78.2 %`, `70 %`. */
export function formatPercent(percent: number): string {
  return `${formatNumber(percent)}${NO_BREAK_SPACE}%`;
}

/** A share of 0 to 1 in percent: `37 %`; `< 1 %` for what is there but would round to 0. `digits` after the point. */
export function formatShare(share: number, digits = 0): string {
  const percent = share * 100;
  const least = 10 ** -digits;
  if (percent > 0 && percent < least / 2) return `<${NO_BREAK_SPACE}${least}${NO_BREAK_SPACE}%`;
  return `${percent.toFixed(digits)}${NO_BREAK_SPACE}%`;
}

/** `140030` -> `136.7 KB`. One KB is 1,024 bytes, as in the plan's limit of 153,600 bytes = 150 KB. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  // Also what would be rounded up to the next unit: 1,023.96 KB is 1 MB.
  while ((unit === 0 ? value : Math.round(value * 10) / 10) >= 1_024 && unit < BYTE_UNITS.length - 1) {
    value /= 1_024;
    unit += 1;
  }
  return `${formatNumber(value)}${NO_BREAK_SPACE}${BYTE_UNITS[unit]}`;
}

/** `3` -> `3rd`. */
export function formatOrdinal(n: number): string {
  const teens = n % 100 >= 11 && n % 100 <= 13;
  const ending = teens ? "th" : (["th", "st", "nd", "rd"][n % 10] ?? "th");
  return `${formatCount(n)}${ending}`;
}

export function capitalize(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
