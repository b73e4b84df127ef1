import { NO_BREAK_SPACE } from "./numbers.ts";

const MINUTE = 60;
const HOUR = 3_600;
const DAY = 86_400;

/**
 * How long something takes or took: `120 ms`, `1.4 s`, `95 s`, `2 min 30 s`, `2 h 14 min`, `3 days 4 h`. At most two
 * units, the smaller one left out when it is 0. Seconds go up to 2 min and hours up to 2 days.
 */
export function formatDuration(seconds: number): string {
  const all = Math.max(0, seconds);
  if (all > 0 && all < 0.9995) return part(Math.max(1, Math.round(all * 1_000)), "ms");
  if (all < 9.95) return part(Number(all.toFixed(1)), "s");
  const whole = Math.round(all);
  if (whole < 2 * MINUTE) return part(whole, "s");
  if (whole < HOUR) return parts([Math.floor(whole / MINUTE), "min"], [whole % MINUTE, "s"]);
  const minutes = Math.round(all / MINUTE);
  if (minutes < (2 * DAY) / MINUTE) return parts([Math.floor(minutes / 60), "h"], [minutes % 60, "min"]);
  const hours = Math.round(all / HOUR);
  return parts([Math.floor(hours / 24), "days"], [hours % 24, "h"]);
}

/** What is left or has passed, in whole seconds: `74 s`, `2 min 14 s`. For a figure that moves while it is read. */
export function formatInterval(milliseconds: number): string {
  return formatDuration(Math.round(milliseconds / 1_000));
}

/** What is left, as a clock: `4:12`, `1:00:05`; `0:00` when over. */
export function formatCountdown(milliseconds: number): string {
  return clock(Math.max(0, Math.ceil(milliseconds / 1_000)));
}

/** What has passed, as a clock: `7:05`, `1:00:05`. */
export function formatElapsed(milliseconds: number): string {
  return clock(Math.max(0, Math.round(milliseconds / 1_000)));
}

function clock(all: number): string {
  const seconds = String(all % 60).padStart(2, "0");
  const minutes = Math.floor(all / 60);
  if (minutes < 60) return `${minutes}:${seconds}`;
  return `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}:${seconds}`;
}

function parts(large: readonly [number, string], small: readonly [number, string]): string {
  return small[0] === 0 ? part(...large) : `${part(...large)}${NO_BREAK_SPACE}${part(...small)}`;
}

function part(value: number, unit: string): string {
  return `${value}${NO_BREAK_SPACE}${unit}`;
}
