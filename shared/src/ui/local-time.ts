import { escapeHtml } from "./words.ts";

/** `time` 14:00:09, `minute` 14:00, `day` 8 Sep 2026, `full` 8 Sep 2026, 14:00:09, `near` "today 14:00" or "8 Sep 14:00". */
export type TimeStyle = "time" | "minute" | "day" | "full" | "near";

/** An instant in words, 24 h, in the given IANA zone (the reader's own when undefined). */
export function timeText(at: Date, style: TimeStyle, { zone, now }: { zone?: string; now?: Date } = {}): string {
  const { year, month, day, hour, minute, second } = partsOf(at, zone);
  const clock = `${hour}:${minute}`;
  switch (style) {
    case "time":
      return `${clock}:${second}`;
    case "minute":
      return clock;
    case "day":
      return `${day} ${month} ${year}`;
    case "full":
      return `${day} ${month} ${year}, ${clock}:${second}`;
    case "near": {
      const today = partsOf(now ?? new Date(), zone);
      if (today.year === year && today.month === month && today.day === day) return `today ${clock}`;
      return today.year === year ? `${day} ${month} ${clock}` : `${day} ${month} ${year} ${clock}`;
    }
  }
}

/** Markup of an instant: server-side words in `zone`, which `mountLocalTimes` turns into the reader's zone; UTC on hover. */
export function timeElement(at: Date, style: TimeStyle, { zone, now }: { zone: string; now?: Date }): string {
  const iso = at.toISOString();
  const words = escapeHtml(timeText(at, style, { zone, now }));
  return `<time datetime="${iso}" data-local-time="${style}" title="${iso.slice(0, 19).replace("T", " ")} UTC">${words}</time>`;
}

function partsOf(at: Date, zone: string | undefined) {
  const parts = new Intl.DateTimeFormat("en-GB", {
    timeZone: zone,
    year: "numeric",
    month: "short",
    day: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    hourCycle: "h23",
  }).formatToParts(at);
  const part = (type: Intl.DateTimeFormatPartTypes) => parts.find((one) => one.type === type)?.value ?? "";
  return {
    year: part("year"),
    // The British short form is "Sept"; three letters keep columns even.
    month: part("month").slice(0, 3),
    day: part("day"),
    hour: part("hour"),
    minute: part("minute"),
    second: part("second"),
  };
}
