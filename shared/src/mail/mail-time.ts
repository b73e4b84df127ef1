import { formatTime } from "../format/times.ts";

/** An instant as on the pages, with its zone: a mail does not know where it is read. `20 Nov 2026, 06:05:00 CST` */
export function mailTime(at: Date, timeZone: string): string {
  const name = new Intl.DateTimeFormat("en-US", { timeZone, timeZoneName: "short" })
    .formatToParts(at)
    .find(({ type }) => type === "timeZoneName");
  return `${formatTime(at, "full", { zone: timeZone })} ${name?.value ?? timeZone}`;
}
