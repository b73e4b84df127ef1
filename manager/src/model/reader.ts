import { formatTime, formatTimeRange } from "@elastic-gas/shared/format/times";

/** Stands where there is no value. */
export const NO_VALUE = "–";

/** Who reads: the instant for which a page is drawn (epoch milliseconds) and the zone of its times. */
export interface Reader {
  readonly now: number;
  readonly timeZone: string;
}

/** "14:01:20" today, else "7 Sep 14:01". */
export function when(at: number, { now, timeZone: zone }: Reader): string {
  return formatTime(at, "recent", { zone, now });
}

/** "14:01 – 14:09" today, else "7 Sep 14:01 – 14:09". */
export function span(
  { from, to }: { readonly from: number; readonly to: number },
  { now, timeZone: zone }: Reader,
): string {
  return formatTimeRange(from, to, { zone, now });
}
