/** Requests a second at `seconds` after the start. */
export type Rate = (seconds: number) => number;

export const SHAPE_NAMES = ["constant", "step", "ramp", "sine", "burst"] as const;
export type ShapeName = (typeof SHAPE_NAMES)[number];

/** What each shape does, for the help text. `rate` is always the highest rate. */
export const SHAPES: Readonly<Record<ShapeName, string>> = {
  constant: "the rate from start to end",
  step: "a tenth of the rate for the first quarter of a period, then the rate, and a tenth again for the last quarter",
  ramp: "from nothing to the rate within one period, then back within another",
  sine: "between a tenth of the rate and the rate, once a period",
  burst: "the rate for a fifth of each period, then a pause",
};

/** Requests a second of a shape with the given peak; `periodSeconds` is how long one turn of it takes. */
export function shapeRate(name: ShapeName, peak: number, periodSeconds: number): Rate {
  const low = peak / 10;
  switch (name) {
    case "constant":
      return () => peak;
    case "step":
      return (seconds) => {
        const turn = (seconds % periodSeconds) / periodSeconds;
        return turn < 0.25 || turn >= 0.75 ? low : peak;
      };
    case "ramp":
      return (seconds) => {
        const turn = (seconds % (2 * periodSeconds)) / periodSeconds;
        return peak * (turn < 1 ? turn : 2 - turn);
      };
    case "sine":
      return (seconds) => low + ((peak - low) * (1 - Math.cos((2 * Math.PI * seconds) / periodSeconds))) / 2;
    case "burst":
      return (seconds) => (seconds % periodSeconds < periodSeconds / 5 ? peak : 0);
  }
}

/** A trace of one value a minute, scaled so that its highest value is `peak`; nothing after its end. */
export function traceRate(values: readonly number[], peak: number): Rate {
  const highest = Math.max(...values);
  return (seconds) => ((values[Math.floor(seconds / 60)] ?? 0) / highest) * peak;
}

/**
 * Reads one number a line; the last column counts where there are several, and lines without a number there are
 * skipped.
 */
export function parseTrace(text: string): readonly number[] {
  const values = text
    .split("\n")
    .map((line) => line.split(",").at(-1)?.trim() ?? "")
    .filter((cell) => cell !== "" && Number.isFinite(Number(cell)))
    .map(Number);
  if (values.length === 0 || Math.max(...values) <= 0) throw new Error("The trace holds no number above 0.");
  return values;
}

const STEP_SECONDS = 0.01;

/**
 * The instants, in seconds after the start, at which an open-loop generator sends: wherever the sum of the rate over
 * time reaches the next whole number. Ends after `count` requests or `maxSeconds`, whichever is first.
 */
export function* sendTimes(
  rate: Rate,
  limits: { readonly count: number; readonly maxSeconds: number },
): Generator<number> {
  let sum = 1; // so that the first request goes out as soon as there is a rate
  let sent = 0;
  for (let step = 0; step * STEP_SECONDS < limits.maxSeconds; step += 1) {
    const at = step * STEP_SECONDS;
    const now = rate(at);
    for (; now > 0 && sum - sent >= 1 - 1e-9; sent += 1) {
      if (sent === limits.count) return;
      yield at;
    }
    sum += now * STEP_SECONDS;
  }
}
