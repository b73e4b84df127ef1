import { formatDuration } from "@elastic-gas/shared/format/durations";
import { formatCountOf, formatNumber, NO_BREAK_SPACE } from "@elastic-gas/shared/format/numbers";
import { formatTime } from "@elastic-gas/shared/format/times";

/** The words of the reasons. Units follow a no-break space. */

/** At most two decimals, for loads and ratios: 3.91, 1.4. */
export function fine(value: number): string {
  return value.toLocaleString("en-US", { maximumFractionDigits: 2 });
}

export function milliseconds(value: number): string {
  return `${formatNumber(value)}${NO_BREAK_SPACE}ms`;
}

/** What is left or looked back on, in whole seconds upwards: `74 s`, `3 min`. */
export function span(seconds: number): string {
  return formatDuration(Math.ceil(seconds - 1e-9));
}

export function workers(count: number): string {
  return formatCountOf(count, "worker");
}

export function checks(count: number): string {
  return formatCountOf(count, "check");
}

/** A count that may have a decimal, with its noun: `1 message`, `1.5 messages`. */
export function quantity(value: number, noun: string): string {
  const shown = formatNumber(value);
  return `${shown} ${noun}${shown === "1" ? "" : "s"}`;
}

/** A load in workers: "5.1 workers’ worth". */
export function worth(load: number): string {
  const shown = formatNumber(load);
  return `${shown} ${shown === "1" ? "worker’s" : "workers’"} worth`;
}

/** `13:56`, in the reader's zone. */
export function clock(at: number, timeZone: string): string {
  return formatTime(at, "minute", { zone: timeZone });
}

export function joined(parts: readonly string[]): string {
  if (parts.length < 2) return parts.join("");
  return `${parts.slice(0, -1).join(", ")} and ${parts.at(-1)}`;
}
