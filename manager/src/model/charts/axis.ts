import { NO_BREAK_SPACE } from "@elastic-gas/shared/format/numbers";
import { formatTime } from "@elastic-gas/shared/format/times";
import { RANGES, type RangeName } from "./range.ts";

export interface Tick {
  readonly at: number;
  readonly label: string;
}

/** Narrower plots show every second tick. */
const NARROW_PIXELS = 330;

/** Ticks at round times of the reader's zone: every 10 min, 30 min, 4 h or day. */
export function timeTicks(
  { from, to, range }: { readonly from: number; readonly to: number; readonly range: RangeName },
  { timeZone, widthPixels }: { readonly timeZone: string; readonly widthPixels: number },
): readonly Tick[] {
  const stepMs = RANGES[range].tickSeconds * 1000 * (widthPixels < NARROW_PIXELS ? 2 : 1);
  // Two where clocks were put forward or back in between; each holds on its own side of that instant.
  const offsets = [...new Set([zoneOffsetMs(from, timeZone), zoneOffsetMs(to, timeZone)])];
  return offsets
    .flatMap((offset) => {
      const ats = gridInstants({ from, to, stepMs, offset });
      return offsets.length === 1 ? ats : ats.filter((at) => zoneOffsetMs(at, timeZone) === offset);
    })
    .sort((a, b) => a - b)
    .map((at) => ({ at, label: formatTime(at, range === "7d" ? "date" : "minute", { zone: timeZone }) }));
}

/** The instants at which a clock that is `offset` ahead of UTC shows a multiple of the step. */
function gridInstants({
  from,
  to,
  stepMs,
  offset,
}: {
  readonly from: number;
  readonly to: number;
  readonly stepMs: number;
  readonly offset: number;
}): readonly number[] {
  const first = Math.ceil((from + offset) / stepMs) * stepMs - offset;
  return Array.from(
    { length: Math.max(0, Math.floor((to - first) / stepMs) + 1) },
    (_, index) => first + index * stepMs,
  );
}

export interface ValueAxis {
  readonly top: number;
  readonly step: number;
}

/** A round top with two to five steps below it, never below 1 for counts. */
export function valueAxis(largest: number, { whole = true }: { readonly whole?: boolean } = {}): ValueAxis {
  const least = whole ? 1 : Number.MIN_VALUE;
  // Nothing but zeros has no size of its own: to 1, so that the labels differ.
  const max = Math.max(largest === 0 ? 1 : largest, whole ? 2 : 1e-3);
  const magnitude = 10 ** Math.floor(Math.log10(max / 4));
  for (const factor of [1, 2, 2.5, 5, 10]) {
    const step = factor * magnitude;
    if (step < least || (whole && !Number.isInteger(step))) continue;
    const steps = Math.ceil(max / step - 1e-9);
    if (steps <= 5) return { top: steps * step, step };
  }
  return { top: Math.ceil(max / 4) * 4, step: Math.ceil(max / 4) };
}

/** A round even top with one step in the middle, for small charts of counts. */
export function halvedAxis(largest: number): ValueAxis {
  const magnitude = 10 ** Math.floor(Math.log10(Math.max(2, largest)));
  for (const factor of [1, 1.2, 1.6, 2, 3, 4, 5, 6, 8, 10]) {
    const top = Math.round(factor * magnitude);
    if (top >= largest && top % 2 === 0) return { top, step: top / 2 };
  }
  return { top: 20 * magnitude, step: 10 * magnitude };
}

/** How far the zone is ahead of UTC at that instant. */
function zoneOffsetMs(at: number, timeZone: string): number {
  const parts = new Intl.DateTimeFormat("en-US", {
    timeZone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  }).formatToParts(at);
  const part = (type: Intl.DateTimeFormatPartTypes) => Number(parts.find((each) => each.type === type)?.value ?? 0);
  const local = Date.UTC(part("year"), part("month") - 1, part("day"), part("hour"), part("minute"), part("second"));
  return local - Math.floor(at / 1000) * 1000;
}

/** A tick of milliseconds that fits the gutter: "0.05 ms", "250 ms", "1.5 s". */
export function durationTick(milliseconds: number): string {
  const inSeconds = milliseconds >= 1_000;
  const value = inSeconds ? milliseconds / 1_000 : milliseconds;
  return `${Number(value.toPrecision(3))}${NO_BREAK_SPACE}${inSeconds ? "s" : "ms"}`;
}
