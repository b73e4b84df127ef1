const DAY_MINUTES = 1_440;

/** Minutes of the day in a zone; equal ends mean none. */
export interface QuietHours {
  readonly from: number;
  readonly to: number;
  readonly zone: string;
}

/** When the quiet hours end in which `now` lies, epoch milliseconds; null when it lies in none. */
export function quietUntil(now: number, quiet: QuietHours | null): number | null {
  if (quiet === null || quiet.from === quiet.to) return null;
  const minute = minuteOfDay(now, quiet.zone);
  const since = (minute - quiet.from + DAY_MINUTES) % DAY_MINUTES;
  const length = (quiet.to - quiet.from + DAY_MINUTES) % DAY_MINUTES;
  if (since >= length) return null;
  return now - (now % 60_000) + (length - since) * 60_000;
}

function minuteOfDay(at: number, zone: string): number {
  const parts = new Intl.DateTimeFormat("en", { timeZone: zone, hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  const [hour = 0, minute = 0] = parts.format(at).split(":").map(Number);
  return hour * 60 + minute;
}

/** "22:30" as minutes of the day; undefined for anything else. */
export function parseClock(text: string): number | undefined {
  const found = /^([01]?\d|2[0-3]):([0-5]\d)$/.exec(text.trim());
  return found === null ? undefined : Number(found[1]) * 60 + Number(found[2]);
}

export function formatClock(minutes: number): string {
  return `${String(Math.floor(minutes / 60)).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}`;
}
