import { formatDuration } from "@elastic-gas/shared/format/durations";
import {
  formatCount,
  formatCountOf,
  formatNumber,
  formatPercent,
  NO_BREAK_SPACE,
} from "@elastic-gas/shared/format/numbers";
import { NO_VALUE } from "../reader.ts";
import type { ChartName } from "./chart-names.ts";
import type { ChartSnapshot } from "./chart-snapshot.ts";
import type { CountStep } from "./count-steps.ts";
import { atOf, type Series, valueAt } from "./series.ts";

/** The series that a chart draws; the worker chart has steps instead. */
export function seriesOf(name: ChartName, snapshot: ChartSnapshot): Series | null {
  switch (name) {
    case "workers":
      return null;
    case "cpu":
      return snapshot.cpu;
    case "requests":
      return snapshot.traffic?.requests ?? null;
    case "response":
      return snapshot.traffic?.responseMs ?? null;
    case "waiting":
      return snapshot.queue?.waiting ?? null;
    case "sent":
      return snapshot.queue?.sent ?? null;
  }
}

function formatValue(name: ChartName, value: number | null | undefined): string {
  if (value == null) return NO_VALUE;
  switch (name) {
    case "cpu":
      return formatPercent(value);
    case "requests":
      return `${formatCount(value)} / min`;
    case "response":
      // As the axis says it: a response of 5,765.2 ms is one of 5.8 s.
      return value < 1_000 ? `${formatNumber(value)}${NO_BREAK_SPACE}ms` : formatDuration(value / 1_000);
    case "workers":
    case "waiting":
    case "sent":
      return formatNumber(value);
  }
}

/** The counts that held at `at`; null when nothing is known. */
export function countsAt(steps: readonly CountStep[], at: number): CountStep["counts"] {
  return steps.findLast((step) => step.at <= at)?.counts ?? null;
}

export interface KeyItem {
  readonly sample: string;
  readonly name: string;
  readonly value: string;
}

const MEASURES: Readonly<Record<Exclude<ChartName, "workers">, readonly [string, string]>> = {
  cpu: ["cpu", "mean of the workers that report"],
  requests: ["requests", "load balancer"],
  response: ["latency", "load balancer"],
  waiting: ["queue", "visible in the queue"],
  sent: ["queue", "sent"],
};

/** The key above a plot: sample, name, and the value now or under the cross-hair. */
export function keyOf(name: ChartName, snapshot: ChartSnapshot, at: number | null): readonly KeyItem[] {
  if (name === "workers") return workerKey(countsAt(snapshot.steps, at ?? snapshot.span.to));
  const series = seriesOf(name, snapshot);
  const value = series === null ? null : at === null ? newest(series, snapshot) : valueAt(series, at);
  const [sample, words] = MEASURES[name];
  const windowWords = `${words} in ${formatNumber((snapshot.queue?.windowSeconds ?? 0) / 60)}\u00a0min`;
  const items: KeyItem[] = [{ sample, name: name === "sent" ? windowWords : words, value: formatValue(name, value) }];
  if (name === "cpu" && snapshot.thresholds !== null) {
    const { grow, shrink } = snapshot.thresholds;
    items.push({
      sample: "thresholds",
      name: "thresholds",
      value: `${formatPercent(grow)} / ${formatPercent(shrink)}`,
    });
  }
  if (series !== null && name !== "response" && gapsIn(series, snapshot)) {
    items.push({ sample: "gap", name: "no data", value: "" });
  }
  return items;
}

function workerKey(counts: CountStep["counts"]): readonly KeyItem[] {
  const value = (number: number | undefined): string => (number === undefined ? NO_VALUE : formatCount(number));
  return [
    { sample: "desired", name: "desired", value: value(counts?.desired) },
    { sample: "in-service", name: "in service", value: value(counts?.inService) },
    { sample: "warming", name: "warming", value: value(counts?.warming) },
    { sample: "pending", name: "pending", value: value(counts?.pending) },
    { sample: "draining", name: "draining", value: value(counts?.draining) },
  ];
}

/** Not older than the data can be late; an old value must not pass for the present. */
function newest(series: Series, { settledUntil }: ChartSnapshot): number | null {
  for (let index = series.values.length - 1; index >= 0; index -= 1) {
    const value = series.values[index];
    if (value != null) return atOf(series, index) + 2 * series.stepMs >= settledUntil ? value : null;
  }
  return null;
}

function gapsIn(series: Series, { settledUntil }: ChartSnapshot): boolean {
  const first = series.values.findIndex((value) => value !== null);
  return (
    first >= 0 &&
    series.values.some((value, index) => index > first && value === null && atOf(series, index) < settledUntil)
  );
}

export interface ValueTable {
  readonly heads: readonly string[];
  /** Newest first: the instant, then one cell per head after the first. */
  readonly rows: readonly { readonly at: number; readonly cells: readonly (number | null)[] }[];
}

/** The same values as numbers, for the table and the CSV behind a chart. */
export function tableOf(name: ChartName, snapshot: ChartSnapshot): ValueTable {
  if (name === "workers") {
    return {
      heads: ["from", "desired", "in service", "warming", "pending", "draining"],
      rows: snapshot.steps.toReversed().map(({ at, counts }) => ({
        at,
        cells:
          counts === null
            ? [null, null, null, null, null]
            : [counts.desired, counts.inService, counts.warming, counts.pending, counts.draining],
      })),
    };
  }
  const series = seriesOf(name, snapshot);
  const head = {
    cpu: "CPU %",
    requests: "requests per min",
    response: "response time ms",
    waiting: "jobs waiting",
    sent: "jobs sent",
  }[name];
  // Before the first value there is nothing to tell.
  const first = series?.values.findIndex((value) => value !== null) ?? -1;
  return {
    heads: ["period from", head],
    rows: (series?.values ?? [])
      .map((value, index) => ({ at: series === null ? 0 : atOf(series, index), cells: [value] }))
      .slice(first < 0 ? Number.POSITIVE_INFINITY : first)
      .toReversed(),
  };
}

const WORK_HEADS = { requests: "requests per min", jobs: "jobs running" } as const;

/** The values of one worker's two charts; null when the charts do not show it. */
export function tableOfWorker(id: string, { workers, workerMeasure }: ChartSnapshot): ValueTable | null {
  const worker = workers.find((each) => each.id === id);
  if (worker === undefined) return null;
  const { cpu, work } = worker;
  const rows = cpu.values.map((value, index) => ({
    at: atOf(cpu, index),
    cells: workerMeasure === null ? [value] : [value, work?.values[index] ?? null],
  }));
  // Before the worker's first value there is nothing to tell.
  const first = rows.findIndex(({ cells }) => cells.some((cell) => cell !== null));
  return {
    heads: ["period from", "CPU %", ...(workerMeasure === null ? [] : [WORK_HEADS[workerMeasure]])],
    rows: first < 0 ? [] : rows.slice(first).toReversed(),
  };
}

/** What a screen reader says of a chart: range, extremes, now and the notable event. */
export function labelOf(name: ChartName, title: string, snapshot: ChartSnapshot, rangeWords: string): string {
  const last = snapshot.events.at(-1);
  const event = last === undefined ? "" : ` Latest change: ${last.sentence}`;
  if (name === "workers") {
    const known = snapshot.steps.map((step) => step.counts).filter((counts) => counts !== null);
    if (known.length === 0) return `${title}, ${rangeWords}: no data.`;
    const sizes = known.map((counts) => counts.inService);
    const now = countsAt(snapshot.steps, snapshot.span.to);
    return `${title}, ${rangeWords}: ${Math.min(...sizes)} to ${Math.max(...sizes)} in service, now ${
      now === null ? "unknown" : `${now.inService} of ${formatCountOf(now.desired, "desired", "desired")}`
    }.${event}`;
  }
  const series = seriesOf(name, snapshot);
  const values = (series?.values ?? []).filter((value) => value !== null);
  if (series === null || values.length === 0) return `${title}, ${rangeWords}: no data.`;
  const say = (value: number | null): string => formatValue(name, value);
  return `${title}, ${rangeWords}: ${say(Math.min(...values))} to ${say(Math.max(...values))}, now ${say(
    newest(series, snapshot),
  )}.${event}`;
}
