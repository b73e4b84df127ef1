import { formatDuration } from "@elastic-gas/shared/format/durations";
import {
  formatCount,
  formatCountOf,
  formatNumber,
  formatPercent,
  NO_BREAK_SPACE,
} from "@elastic-gas/shared/format/numbers";
import { formatTime } from "@elastic-gas/shared/format/times";
import { type Child, type Html, h } from "@elastic-gas/shared/web/html";
import { durationTick } from "../../model/charts/axis.ts";
import { type ChartName, chartsOf, chartTitle } from "../../model/charts/chart-names.ts";
import type { ChartSnapshot } from "../../model/charts/chart-snapshot.ts";
import { seriesOf } from "../../model/charts/chart-values.ts";
import type { Entry } from "../../model/decisions/list-entries.ts";
import { MARK_WORDS } from "../../model/decisions/occurrence.ts";
import { loadOf, type Report, type ReportPool, workerUse } from "../../model/report/report.ts";
import { type ReportChart, reportChart } from "./report-chart.ts";
import { reportTable } from "./report-table.ts";

/** Less than this at the edges of a range is not worth a word. */
const UNKNOWN_TOLD_MS = 60_000;

/** A pool's charts, and its decisions with their reasons. */
export function poolSection({ snapshot, charts, entries, isCut, checks }: ReportPool, report: Report): Html {
  const { name, rule, min, max, desired, policyVersion } = snapshot;
  const { mean, unknownMs } = workerUse(charts.steps, charts.span);
  return h(
    "section",
    { "aria-labelledby": `pool-${name}` },
    h("h2", { id: `pool-${name}` }, name),
    h("p", {}, `Policy v${policyVersion}: ${rule}.`),
    h(
      "p",
      { class: "quiet" },
      `Limits ${min} to ${max}; desired at the end of the range: ${desired}.`,
      mean !== null &&
        unknownMs >= UNKNOWN_TOLD_MS &&
        ` For ${formatDuration(Math.round(unknownMs / 1000))} of the range the number of workers is not known, and nothing is counted.`,
    ),
    chartsOf(name)
      .filter((chart) => chart !== "sent")
      .map((chart) => figure(chart, charts, report)),
    h("h3", {}, "Decisions"),
    h(
      "p",
      { class: "quiet" },
      `${formatCountOf(checks, "check")} in this time.`,
      entries.length > 0 && " Those that changed or refused something, and what people changed:",
    ),
    entries.length === 0
      ? h("p", { class: "empty" }, "Nothing changed, and nothing was refused.")
      : reportTable(
          ["Time", "What", "Why", "Outcome"],
          entries.map((entry) => decisionRow(entry, report)),
          { stacks: true },
        ),
    isCut &&
      h(
        "p",
        { class: "quiet" },
        "There were more; these are the newest. The page Decisions has them all, also as CSV.",
      ),
  );
}

function decisionRow(entry: Entry, { timeZone: zone, to: now }: Report): readonly Child[] {
  const at = (instant: number) => h("span", { class: "nowrap" }, formatTime(instant, "recent", { zone, now }));
  if (entry.type === "fold") return [at(entry.to), "Held", entry.sentence, formatCountOf(entry.checks, "check")];
  const first = entry.repeats.at(-1);
  const [word, mark] = entry.quiet ? ["Refused", "P"] : [MARK_WORDS[entry.mark], entry.mark];
  const outcome =
    first === undefined
      ? entry.outcome
      : `${entry.repeats.length + 1} times since ${formatTime(first.at, "recent", { zone, now })}`;
  return [at(entry.at), h("span", { class: `word mark-${mark}` }, word), entry.sentence, outcome];
}

function figure(name: ChartName, charts: ChartSnapshot, { timeZone }: Report): Html {
  const title = chartTitle(name, charts.pool);
  const words = describe(name, charts);
  const content = words === null ? null : contentOf(name, charts);
  return h(
    "figure",
    {},
    h("figcaption", {}, title),
    content === null
      ? h("p", { class: "empty" }, "No data in this time.")
      : [
          chartKey(name, charts, words),
          reportChart({
            span: charts.span,
            timeZone,
            label: `${title}. ${words}`,
            content,
            marks: charts.events.filter(({ at }) => at >= charts.span.from && at <= charts.span.to),
          }),
        ],
  );
}

function contentOf(name: ChartName, charts: ChartSnapshot): ReportChart["content"] | null {
  if (name === "workers") return { kind: "workers", steps: charts.steps };
  const series = seriesOf(name, charts);
  if (series === null) return null;
  const { thresholds } = charts;
  return {
    kind: "load",
    series,
    colour: name === "cpu" || name === "requests" ? name : name === "response" ? "latency" : "queue",
    thresholds: name === "cpu" && thresholds !== null ? [thresholds.grow, thresholds.shrink] : [],
    tick: name === "cpu" ? formatPercent : name === "response" ? durationTick : formatNumber,
  };
}

function chartKey(name: ChartName, charts: ChartSnapshot, words: string | null): Html {
  const item = (sample: string, text: string) => h("li", {}, h("span", { class: `sample sample-${sample}` }), text);
  return h(
    "ul",
    { class: "key" },
    h("li", {}, words),
    name === "workers" && [
      item("serving", "in service"),
      item("existing", "booting or draining"),
      item("desired", "desired"),
      charts.steps.some(({ counts }) => counts === null) && item("unknown", "not known"),
      charts.events.length > 0 && h("li", {}, "G grew, S shrank, M by a person, R replaced, P policy saved"),
    ],
    name === "cpu" && charts.thresholds !== null && item("threshold", "grow and shrink thresholds"),
  );
}

/** The chart in a sentence; null without data. */
function describe(name: ChartName, charts: ChartSnapshot): string | null {
  if (name === "workers") {
    const { low, high, mean } = workerUse(charts.steps, charts.span);
    if (low === null || high === null || mean === null) return null;
    return `${low === high ? `Always ${low}` : `Between ${low} and ${high}`} in service, ${formatNumber(mean)} on average.`;
  }
  const series = seriesOf(name, charts);
  const load = series === null ? null : loadOf(series);
  return load === null ? null : `Mean ${formatLoad(name, load.mean)}, peak ${formatLoad(name, load.peak)}.`;
}

function formatLoad(name: ChartName, value: number): string {
  if (name === "cpu") return formatPercent(value);
  if (name === "response") return durationTick(value);
  return name === "requests"
    ? `${formatCount(Math.round(value))}${NO_BREAK_SPACE}per${NO_BREAK_SPACE}min`
    : formatNumber(value);
}
