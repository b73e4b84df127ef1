/** How numbers, sizes and spans of time are written, in pages, mails and browser code alike. Units follow a no-break space. */

const NBSP = "\u00a0";
const BYTE_UNITS = ["B", "KB", "MB", "GB", "TB"] as const;

/** `140030` -> `136.7 KB`. One KB is 1,024 bytes, as in the plan's limit of 153,600 bytes = 150 KB. */
export function bytesText(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1_024 && unit < BYTE_UNITS.length - 1) {
    value /= 1_024;
    unit += 1;
  }
  // 1,023.96 KB would round to 1024.0 KB: that is 1 MB.
  if (Math.round(value * 10) / 10 >= 1_024 && unit < BYTE_UNITS.length - 1) {
    value /= 1_024;
    unit += 1;
  }
  const rounded = unit === 0 ? String(value) : value.toFixed(1).replace(/\.0$/, "");
  return `${rounded}${NBSP}${BYTE_UNITS[unit]}`;
}

/** `1372` -> `1,372`. */
export function countText(count: number): string {
  return count.toLocaleString("en-US", { maximumFractionDigits: 0 });
}

/** A count with its noun: `1 job`, `2 jobs`. */
export function countOf(count: number, noun: string, plural = `${noun}s`): string {
  return `${countText(count)} ${count === 1 ? noun : plural}`;
}

/** A share in percent: `37 %`, `< 1 %` for what is there but would round to 0; `digits` after the point. */
export function percentText(share: number, digits = 0): string {
  const percent = share * 100;
  const least = 10 ** -digits;
  if (percent > 0 && percent < least / 2) return `<${NBSP}${least}${NBSP}%`;
  return `${percent.toFixed(digits)}${NBSP}%`;
}

/** A span: tenths of seconds below 10 s, seconds below 2 min, then minutes, hours, days. */
export function spanText(seconds: number): string {
  const all = Math.max(0, seconds);
  if (all < 9.95 && all !== Math.round(all)) return `${all.toFixed(1).replace(/\.0$/, "")}${NBSP}s`;
  if (all < 119.5) return `${Math.round(all)}${NBSP}s`;
  const minutes = Math.round(all / 60);
  if (minutes < 60) return `${minutes}${NBSP}min`;
  if (minutes < 48 * 60) {
    const rest = minutes % 60;
    return `${Math.floor(minutes / 60)}${NBSP}h${rest === 0 ? "" : `${NBSP}${String(rest).padStart(2, "0")}${NBSP}min`}`;
  }
  return `${Math.round(minutes / 1_440)}${NBSP}days`;
}

/** What is left, as a clock: `4:12`, `1:00:05`; `0:00` when over. */
export function countdownText(milliseconds: number): string {
  const all = Math.max(0, Math.ceil(milliseconds / 1_000));
  const seconds = String(all % 60).padStart(2, "0");
  const minutes = Math.floor(all / 60);
  if (minutes < 60) return `${minutes}:${seconds}`;
  return `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}:${seconds}`;
}

/** `3` -> `3rd`. */
export function ordinalText(n: number): string {
  const teens = n % 100 >= 11 && n % 100 <= 13;
  const ending = teens ? "th" : (["th", "st", "nd", "rd"][n % 10] ?? "th");
  return `${countText(n)}${ending}`;
}

const HTML_ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Makes text safe inside HTML text and quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => HTML_ESCAPES[character] ?? character);
}
