/**
 * One figure of a measurement. A time is a ratio to a baseline of the same run, for times alone say little on a shared
 * machine; sizes and counts stand for themselves.
 */
export interface Figure {
  /** Lower-case words with hyphens: by it a run is compared with the last kept one. */
  readonly name: string;
  /** What was measured, as a row of a table names it. */
  readonly what: string;
  readonly value: number;
  readonly unit: Unit;
  /** What a ratio is to, or how a quantity was read. */
  readonly baseline: string;
  readonly better: "higher" | "lower";
  /** The value that was asked for, where one was. */
  readonly asked?: number;
  /** Not the machine's own speed, so that a fall against the last kept run says something. */
  readonly isComparable?: false;
}

export type Unit = "ratio" | "ms" | "s" | "MB" | "KB" | "count";

/** A line of a growth law: the same measurement at growing sizes. */
export interface Growth {
  /** File name of its plot. */
  readonly name: string;
  readonly title: string;
  readonly x: string;
  readonly y: string;
  readonly lines: readonly { readonly label: string; readonly points: readonly (readonly [number, number])[] }[];
}

export interface Measured {
  readonly figures: readonly Figure[];
  readonly growth?: readonly Growth[];
}

/** One of the measurements of `npm run bench`. */
export interface Measurement {
  readonly name: string;
  readonly about: string;
  /** About how long it takes on two quiet cores. */
  readonly minutes: number;
  measure(options: MeasureOptions): Promise<Measured>;
}

export interface MeasureOptions {
  /** Smaller and shorter, to see that it runs; the figures are not kept. */
  readonly quick: boolean;
  readonly say: (line: string) => void;
}
