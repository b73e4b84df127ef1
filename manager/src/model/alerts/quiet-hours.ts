const MINUTE_MS = 60_000;
const DAY_MINUTES = 1_440;
/** Clocks are put forward and back at such minutes of UTC, in every zone. */
const QUARTER_MS = 15 * MINUTE_MS;

/** Minutes of the day in a zone; equal ends mean none. */
export interface QuietHours {
  readonly from: number;
  readonly to: number;
  readonly zone: string;
}

/**
 * When the quiet hours end in which `now` lies, epoch milliseconds; null when it lies in none. They go by the clock on
 * the wall: a night in which it is put forward is shorter, one in which it is put back longer.
 */
export function quietUntil(now: number, quiet: QuietHours | null): number | null {
  if (quiet === null || quiet.from === quiet.to) return null;
  const minuteOfDay = clockOf(quiet.zone);
  const length = minutesBetween(quiet.from, quiet.to);
  let at = now - (now % MINUTE_MS);
  for (;;) {
    const since = minutesBetween(quiet.from, minuteOfDay(at));
    if (since >= length) return at <= now ? null : at;
    at = Math.min(at + (length - since) * MINUTE_MS, at - (at % QUARTER_MS) + QUARTER_MS);
  }
}

function minutesBetween(from: number, to: number): number {
  return (to - from + DAY_MINUTES) % DAY_MINUTES;
}

function clockOf(zone: string): (at: number) => number {
  const parts = new Intl.DateTimeFormat("en", { timeZone: zone, hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  return (at) => {
    const [hour = 0, minute = 0] = parts.format(at).split(":").map(Number);
    return hour * 60 + minute;
  };
}

/** "22:30" as minutes of the day; undefined for anything else. */
export function parseClock(text: string): number | undefined {
  const found = /^([01]?\d|2[0-3]):([0-5]\d)$/.exec(text.trim());
  return found === null ? undefined : Number(found[1]) * 60 + Number(found[2]);
}

export function formatClock(minutes: number): string {
  return `${String(Math.floor(minutes / 60)).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}`;
}
