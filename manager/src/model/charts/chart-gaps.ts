import type { ChartName } from "./chart-names.ts";
import type { ChartSnapshot } from "./chart-snapshot.ts";
import { seriesOf } from "./chart-values.ts";
import { type Gap, gapsOf } from "./series.ts";

/** The stretches of a chart to hatch: where workers served and no value came. */
export function chartGaps(name: ChartName, snapshot: ChartSnapshot): readonly Gap[] {
  const series = seriesOf(name, snapshot);
  if (series === null) return [];
  // Without requests there is no response time: nothing is missing.
  if (name === "response") return [];
  const first = series.values.findIndex((value) => value !== null);
  if (first < 0) return [];
  return gapsOf(series, series.start + first * series.stepMs, snapshot.settledUntil);
}
