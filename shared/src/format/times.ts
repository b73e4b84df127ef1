import { NO_BREAK_SPACE } from "./numbers.ts";

/**
 * `time` 14:00:09, `minute` 14:00, `day` 8 Sep 2026, `date` 8 Sep, `full` 8 Sep 2026, 14:00:09, `near` "today 14:00" or
 * "8 Sep 14:00",
 * `recent` "14:00:09" today or "8 Sep 14:00". The year stands with `near` and `recent` when it is another one.
 */
export const TIME_STYLES = ["time", "minute", "day", "date", "full", "near", "recent"] as const;
export type TimeStyle = (typeof TIME_STYLES)[number];

export interface TimeOptions {
  /** IANA zone; the reader's own when undefined. */
  readonly zone?: string | undefined;
  /** What "today" means. */
  readonly now?: Date | number | undefined;
}

/** An instant in words, 24 h. */
export function formatTime(at: Date | number, style: TimeStyle, { zone, now }: TimeOptions = {}): string {
  const { year, date, clock, second } = partsOf(at, zone);
  const today = () => partsOf(now ?? Date.now(), zone);
  switch (style) {
    case "time":
      return `${clock}:${second}`;
    case "minute":
      return clock;
    case "day":
      return `${date}${NO_BREAK_SPACE}${year}`;
    case "date":
      return date;
    case "full":
      return `${date}${NO_BREAK_SPACE}${year}, ${clock}:${second}`;
    case "near":
    case "recent": {
      const present = today();
      if (present.date === date && present.year === year)
        return style === "near" ? `today${NO_BREAK_SPACE}${clock}` : `${clock}:${second}`;
      const day = present.year === year ? date : `${date}${NO_BREAK_SPACE}${year}`;
      return `${day}${NO_BREAK_SPACE}${clock}`;
    }
  }
}

/** "14:01 – 14:09" today, else "7 Sep 14:01 – 14:09", or with both days when they differ. */
export function formatTimeRange(from: Date | number, to: Date | number, options: TimeOptions = {}): string {
  const [start, end] = [partsOf(from, options.zone), partsOf(to, options.zone)];
  const today = partsOf(options.now ?? Date.now(), options.zone);
  const sameDay = start.date === end.date && start.year === end.year;
  const isToday = start.date === today.date && start.year === today.year;
  const first = isToday ? start.clock : `${start.date}${NO_BREAK_SPACE}${start.clock}`;
  return `${first} – ${sameDay ? end.clock : `${end.date}${NO_BREAK_SPACE}${end.clock}`}`;
}

/** What hovering over a time shows: `2026-09-08 19:00:09 UTC`. */
export function formatUtc(at: Date | number): string {
  return `${new Date(at).toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

/** Making a formatter takes much longer than using one. */
const formatters = new Map<string, Intl.DateTimeFormat>();

function formatterOf(zone: string | undefined): Intl.DateTimeFormat {
  const known = formatters.get(zone ?? "");
  if (known !== undefined) return known;
  const made = new Intl.DateTimeFormat("en-GB", {
    timeZone: zone,
    year: "numeric",
    month: "short",
    day: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    hourCycle: "h23",
  });
  formatters.set(zone ?? "", made);
  return made;
}

function partsOf(at: Date | number, zone: string | undefined) {
  const found = new Map(
    formatterOf(zone)
      .formatToParts(at)
      .map(({ type, value }) => [type, value]),
  );
  const part = (type: Intl.DateTimeFormatPartTypes) => found.get(type) ?? "";
  return {
    year: part("year"),
    // The British short form is "Sept"; three letters keep columns even.
    date: `${part("day")}${NO_BREAK_SPACE}${part("month").slice(0, 3)}`,
    clock: `${part("hour")}:${part("minute")}`,
    second: part("second"),
  };
}
