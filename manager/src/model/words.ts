/** Figures, durations and times as the pages write them: a no-break space before a unit, 24-hour times in the reader's zone. */
export const NO_BREAK_SPACE = "\u00a0";
/** Stands where there is no value. */
export const NO_VALUE = "–";

/** Who reads: the instant for which a page is drawn (epoch milliseconds) and the zone of its times. */
export interface Reader {
  readonly now: number;
  readonly timeZone: string;
}

export function count(value: number, one: string, many = `${one}s`): string {
  return `${grouped(value)} ${value === 1 ? one : many}`;
}

/** 13,023 */
export function grouped(value: number): string {
  return GROUPED.format(value);
}

/** At most one decimal, none when it is zero: 78.2, 70. */
export function figure(value: number): string {
  return ONE_DECIMAL.format(Math.round(value * 10) / 10);
}

export function percent(value: number): string {
  return `${figure(value)}${NO_BREAK_SPACE}%`;
}

/** Seconds below two minutes, then minutes, hours, days: "74 s", "21 min", "2 h 14 min", "3 d 4 h". */
export function duration(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  if (seconds < 120) return `${seconds}${NO_BREAK_SPACE}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}${NO_BREAK_SPACE}min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return join(`${hours}${NO_BREAK_SPACE}h`, minutes % 60, "min");
  return join(`${Math.floor(hours / 24)}${NO_BREAK_SPACE}d`, hours % 24, "h");
}

/** 136.7 KB; 1,024 bytes make a KB. */
export function bytes(size: number): string {
  if (size < 1024) return `${grouped(size)}${NO_BREAK_SPACE}bytes`;
  let value = size;
  for (const unit of ["KB", "MB", "GB"]) {
    value /= 1024;
    if (value < 1024) return `${figure(value)}${NO_BREAK_SPACE}${unit}`;
  }
  return `${figure(value / 1024)}${NO_BREAK_SPACE}TB`;
}

/** 14:01 */
export function clock(at: number, timeZone: string): string {
  return format(timeZone, "clock", { hour: "2-digit", minute: "2-digit" }).format(at);
}

/** 14:01:20 */
export function clockSeconds(at: number, timeZone: string): string {
  return format(timeZone, "seconds", { hour: "2-digit", minute: "2-digit", second: "2-digit" }).format(at);
}

/** 7 Sep */
export function dayAndMonth(at: number, timeZone: string): string {
  // The British short form is "Sept"; three letters keep columns even.
  return format(timeZone, "day", { day: "numeric", month: "short" }).format(at).replace("Sept", "Sep");
}

/** "14:01:20" today, else "7 Sep 14:01". */
export function when(at: number, reader: Reader): string {
  const sameDay = dayAndMonth(at, reader.timeZone) === dayAndMonth(reader.now, reader.timeZone);
  if (sameDay && Math.abs(reader.now - at) < 86_400_000) return clockSeconds(at, reader.timeZone);
  return `${dayAndMonth(at, reader.timeZone)} ${clock(at, reader.timeZone)}`;
}

/** "14:01 – 14:09" today, else "7 Sep 14:01 – 14:09". */
export function span({ from, to }: { readonly from: number; readonly to: number }, reader: Reader): string {
  const start = when(from, reader);
  const day = start.length > 8 ? start.slice(0, start.lastIndexOf(" ") + 1) : "";
  return `${day}${clock(from, reader.timeZone)} – ${clock(to, reader.timeZone)}`;
}

/** What hovering over a time shows: the instant in UTC. */
export function utc(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

export function capitalized(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

const GROUPED = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const ONE_DECIMAL = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });
const formats = new Map<string, Intl.DateTimeFormat>();

function format(timeZone: string, name: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${timeZone} ${name}`;
  let made = formats.get(key);
  if (made === undefined) {
    made = new Intl.DateTimeFormat("en-GB", { timeZone, ...options });
    formats.set(key, made);
  }
  return made;
}

function join(first: string, rest: number, unit: string): string {
  return rest === 0 ? first : `${first} ${rest}${NO_BREAK_SPACE}${unit}`;
}
