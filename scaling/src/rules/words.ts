/** The words of the reasons: figures, a no-break space before a unit, seconds below two minutes (ui.md, section 6). */
const NO_BREAK_SPACE = "\u00a0";

export function percent(value: number): string {
  return `${figure(value)}${NO_BREAK_SPACE}%`;
}

/** At most one decimal, none when it is zero: 78.2, 70. */
export function figure(value: number): string {
  return String(Math.round(value * 10) / 10);
}

/** Two decimals at most, for loads and ratios: 3.91, 1.4. */
export function fine(value: number): string {
  return String(Math.round(value * 100) / 100);
}

export function duration(milliseconds: number): string {
  const seconds = Math.max(0, Math.ceil(milliseconds / 1000));
  return seconds < 120 ? `${seconds}${NO_BREAK_SPACE}s` : `${Math.round(seconds / 60)}${NO_BREAK_SPACE}min`;
}

export function workers(count: number): string {
  return count === 1 ? "1 worker" : `${count} workers`;
}

/** A load in workers: "5.1 workers’ worth". */
export function worth(load: number): string {
  const shown = figure(load);
  return `${shown} ${shown === "1" ? "worker’s" : "workers’"} worth`;
}

export function checks(count: number): string {
  return count === 1 ? "1 check" : `${count} checks`;
}

/** `13:56`, in the zone of the installation. */
export function clock(at: number, timeZone: string): string {
  let format = formats.get(timeZone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat("en-GB", { timeZone, hour: "2-digit", minute: "2-digit" });
    formats.set(timeZone, format);
  }
  return format.format(at);
}

const formats = new Map<string, Intl.DateTimeFormat>();

export function joined(parts: readonly string[]): string {
  if (parts.length < 2) return parts.join("");
  return `${parts.slice(0, -1).join(", ")} and ${parts.at(-1)}`;
}

export function capital(sentence: string): string {
  return sentence.charAt(0).toUpperCase() + sentence.slice(1);
}
