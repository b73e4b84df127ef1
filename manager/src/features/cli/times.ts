import { UsageError } from "@elastic-gas/shared/command-line";

const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** "2h", "30m", "90s", "7d" before now, or an ISO time, as an ISO time in UTC. Throws UsageError. */
export function sinceOf(text: string, now: number): string {
  const [, amount, unit] = /^(\d+)([smhd])$/.exec(text) ?? [];
  const at = amount === undefined ? Date.parse(text) : now - Number(amount) * (UNITS[unit ?? ""] ?? 0);
  if (!Number.isFinite(at) || Math.abs(at) > 8.64e15) {
    throw new UsageError(`--since ${text} is no time. It takes 90s, 30m, 2h, 7d or an ISO time.`);
  }
  return new Date(at).toISOString();
}

/** "2026-09-07 14:01:20" in the zone of this machine. */
export function localTime(iso: string): string {
  const at = new Date(iso);
  const two = (value: number): string => String(value).padStart(2, "0");
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${day} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

/** The head of a column of times, with the zone that they are in: `TIME (UTC)`. */
export function inZone(head: string): string {
  const parts = new Intl.DateTimeFormat("en-US", { timeZoneName: "short" }).formatToParts(new Date());
  return `${head} (${parts.find(({ type }) => type === "timeZoneName")?.value ?? "local"})`;
}
