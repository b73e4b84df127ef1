import { formatCount, formatNumber, formatPercent } from "@elastic-gas/shared/format/numbers";
import { formatTime } from "@elastic-gas/shared/format/times";
import { mailTime } from "@elastic-gas/shared/mail/mail-time";
import { type Child, type Html, h, trustedHtml } from "@elastic-gas/shared/web/html";
import { RANGES } from "../../model/charts/range.ts";
import type { Entry } from "../../model/decisions/list-entries.ts";
import { dollars } from "../../model/policy/cost.ts";
import { NO_VALUE } from "../../model/reader.ts";
import { loadOf, type Report, workerUse } from "../../model/report/report.ts";
import { poolSection } from "./report-pool.ts";
import { REPORT_STYLE } from "./report-style.ts";
import { reportTable } from "./report-table.ts";

/** The whole file: it loads nothing, runs nothing, and reads the same on a screen and on paper. */
export function reportView(report: Report): Html {
  const { from, to, timeZone, prefix, region, pools } = report;
  const title = `Worker pools, ${RANGES[report.range].words}`;
  return h(
    "html",
    { lang: "en" },
    h(
      "head",
      {},
      h("meta", { charset: "utf-8" }),
      h("meta", { name: "viewport", content: "width=device-width, initial-scale=1" }),
      h("meta", { "http-equiv": "Content-Security-Policy", content: "default-src 'none'; style-src 'unsafe-inline'" }),
      h("meta", { name: "color-scheme", content: "light dark" }),
      h("title", {}, `${title} to ${mailTime(new Date(to), timeZone)}`),
      h("style", { dangerouslySetInnerHTML: trustedHtml(REPORT_STYLE) }),
    ),
    h(
      "body",
      {},
      h("h1", {}, title),
      h("p", {}, `${mailTime(new Date(from), timeZone)} to ${mailTime(new Date(to), timeZone)} (${timeZone})`),
      h("p", { class: "quiet" }, `Elastic GAS, installation ${prefix}, region ${region}`),
      pools.length === 0
        ? h("p", { class: "empty" }, "There are no pools yet: the autoscaler makes them at its first check.")
        : [summary(report), pools.map((pool) => poolSection(pool, report))],
      alertSection(report),
    ),
  );
}

function summary({ pools, priceCentsPerHour }: Report): Child[] {
  const costOf = (hours: number) => dollars(hours * priceCentsPerHour);
  const uses = pools.map((pool) => ({ ...pool, use: workerUse(pool.charts.steps, pool.charts.span) }));
  const hours = uses.reduce((sum, { use }) => sum + use.paidHours, 0);
  return [
    reportTable(
      ["Pool", "In service", "Mean", "Worker hours", "Est. cost", "Grew", "Shrank", "Mean CPU", "Peak CPU"],
      [
        ...uses.map(({ snapshot, charts, entries, use: { low, high, mean, paidHours } }) => {
          const isKnown = mean !== null;
          const cpu = loadOf(charts.cpu);
          return [
            snapshot.name,
            isKnown ? spanOf(low ?? 0, high ?? 0) : NO_VALUE,
            isKnown ? formatNumber(mean) : NO_VALUE,
            isKnown ? formatNumber(paidHours) : NO_VALUE,
            isKnown ? costOf(paidHours) : NO_VALUE,
            formatCount(countOf(entries, "G")),
            formatCount(countOf(entries, "S")),
            cpu === null ? NO_VALUE : formatPercent(cpu.mean),
            cpu === null ? NO_VALUE : formatPercent(cpu.peak),
          ];
        }),
        ["All", "", "", formatNumber(hours), costOf(hours), "", "", "", ""],
      ],
    ),
    h(
      "p",
      { class: "quiet" },
      `Cost is an estimate: every worker that exists, booting and draining ones included, at ${dollars(priceCentsPerHour)} an hour. Balancer, storage and requests are not in it.`,
    ),
  ];
}

function spanOf(low: number, high: number): string {
  return low === high ? formatCount(low) : `${formatCount(low)} – ${formatCount(high)}`;
}

/** By the rule; a change by a person is marked otherwise. */
function countOf(entries: readonly Entry[], mark: "G" | "S"): number {
  return entries.filter((entry) => entry.type === "change" && !entry.quiet && entry.mark === mark).length;
}

function alertSection({ alerts, toldAlerts, timeZone: zone, to: now }: Report): Html {
  const at = (instant: number) => h("span", { class: "nowrap" }, formatTime(instant, "recent", { zone, now }));
  return h(
    "section",
    { "aria-labelledby": "alerts" },
    h("h2", { id: "alerts" }, "Alerts"),
    alerts.length === 0
      ? h("p", {}, "None at the end of the range.")
      : alerts.map(({ tone, start, text, remedy, at: since }) =>
          h(
            "div",
            { class: "alert" },
            h("p", {}, h("span", { class: tone }, start), ` ${text}`),
            h("p", { class: "quiet" }, "Since ", at(since), ".", remedy !== null && ` ${remedy}`),
          ),
        ),
    toldAlerts.length > 0 && [
      h("h3", {}, "Told to channels in this time"),
      reportTable(
        ["Time", "", "Alert"],
        toldAlerts.map((told) => [at(told.at), told.phase, told.title]),
        { stacks: true },
      ),
    ],
  );
}
