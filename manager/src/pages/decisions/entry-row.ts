import { formatInterval } from "@elastic-gas/shared/format/durations";
import { formatCountOf, formatNumber, formatPercent } from "@elastic-gas/shared/format/numbers";
import { formatTime } from "@elastic-gas/shared/format/times";
import { type Child, type Html, h } from "@elastic-gas/shared/web/html";
import { type ChangeEntry, type Entry, type FoldEntry, named } from "../../model/decisions/list-entries.ts";
import { outcomeOf } from "../../model/decisions/outcome.ts";
import type { ActivityRow, DecisionRow } from "../../model/decisions/records.ts";
import type { Reader } from "../../model/reader.ts";
import { boldStart, icon, mark, time, timeSpan, withIds } from "../kit/parts.ts";

/** One row of the decisions page: a change that opens to its numbers, or checks without a change folded into a line. */
export function entryRow(entry: Entry, reader: Reader): Html {
  return entry.type === "fold" ? foldRow(entry, reader) : changeRow(entry, reader);
}

function changeRow(entry: ChangeEntry, reader: Reader): Html {
  const details = changeDetails(entry, reader);
  const line: Child[] = [
    h("span", { class: "entry-time" }, time(entry.at, reader)),
    h("span", { class: "entry-mark" }, mark(entry.mark)),
    h(
      "span",
      { class: entry.quiet ? "entry-sentence eg-secondary" : "entry-sentence" },
      entry.quiet ? withIds(entry.sentence) : boldStart(entry.sentence),
    ),
    h("span", { class: `entry-outcome eg-tone-${entry.tone}` }, repeatWords(entry, reader) ?? entry.outcome),
  ];
  return h(
    "li",
    { class: "entry", id: entry.id, key: entry.id },
    details === null
      ? h("div", { class: "entry-line" }, line)
      : h("details", { class: "entry-more" }, h("summary", { class: "entry-line" }, line), details),
  );
}

/** "12 times since 14:05" */
function repeatWords({ repeats }: ChangeEntry, reader: Reader): Child {
  const first = repeats.at(-1);
  return first === undefined ? null : [`${repeats.length + 1} times since `, time(first.at, reader)];
}

function foldRow(entry: FoldEntry, reader: Reader): Html {
  const single = entry.rows.length === 1;
  const [row] = entry.rows;
  return h(
    "li",
    { class: "entry entry-fold", id: entry.id, key: entry.id },
    h(
      "details",
      { class: "entry-more" },
      h(
        "summary",
        { class: "entry-line" },
        h(
          "span",
          { class: "entry-time" },
          // The pools of one check differ by milliseconds.
          entry.to - entry.from < 10_000 ? time(entry.to, reader) : timeSpan(entry, reader),
        ),
        h("span", { class: "entry-mark entry-arrow" }, icon("chevron-right")),
        h("span", { class: "entry-sentence eg-secondary" }, entry.sentence),
        h("span", { class: "entry-outcome eg-small eg-secondary" }, formatCountOf(entry.checks, "check")),
      ),
      single && row !== undefined ? factsBox(row, [], reader) : checksTable(entry.rows, reader),
    ),
  );
}

function checksTable(rows: readonly DecisionRow[], reader: Reader): Html {
  return h(
    "div",
    { class: "entry-box eg-table-box" },
    h(
      "table",
      { class: "eg-table checks-table" },
      h(
        "tbody",
        {},
        rows.map((row) =>
          h(
            "tr",
            {},
            h("td", { class: "eg-nowrap" }, time(row.at, reader)),
            h("td", {}, withIds(named(row))),
            h("td", { class: "eg-number eg-secondary" }, `${row.inService} of ${row.desiredAfter}`),
          ),
        ),
      ),
    ),
  );
}

function changeDetails({ decision, activities, repeats }: ChangeEntry, reader: Reader): Html | null {
  if (decision === null && activities.length === 0) return null;
  if (decision !== null && repeats.length > 0) return checksTable([decision, ...repeats], reader);
  return factsBox(decision, activities, reader);
}

/** The numbers behind one check and what was done about it. */
function factsBox(decision: DecisionRow | null, activities: readonly ActivityRow[], reader: Reader): Html {
  return h(
    "div",
    { class: "entry-box entry-facts" },
    decision !== null && facts(decisionFacts(decision, reader)),
    activities.length > 0 && facts(activities.flatMap((activity) => activityFacts(activity, reader))),
  );
}

type Fact = readonly [string, Child];

function facts(all: readonly Fact[]): Html {
  return h(
    "dl",
    { class: "eg-facts" },
    all.map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]),
  );
}

function decisionFacts(row: DecisionRow, reader: Reader): readonly Fact[] {
  const { facts: f } = row;
  const all: Fact[] = [["Result", `${outcomeOf(row)}, desired ${row.desiredBefore} → ${row.desiredAfter}`]];
  const unit = f.unit ?? "";
  if (row.measured !== null) all.push(["Measured", `${formatNumber(row.measured)} ${unit}`.trim()]);
  if (f.window != null) {
    const { from, to, points, of } = f.window;
    all.push([
      "Window",
      `${formatTime(from, "minute", { zone: reader.timeZone })} to ${formatTime(to, "minute", { zone: reader.timeZone })}, ${points} of ${of} points`,
    ]);
  }
  if (f.load != null) {
    all.push(["Load", `${f.loadEstimated === true ? "about " : ""}${formatNumber(f.load)} workers’ worth`]);
  }
  if (f.peak != null) all.push(["Peak", `${formatNumber(f.peak.load)} in ${formatNumber(f.peak.minutes)}\u00a0min`]);
  if (f.growAbove != null) all.push(["Grows above", `${formatNumber(f.growAbove)} ${unit}`.trim()]);
  if (f.shrinkBelow != null) all.push(["Shrinks below", `${formatNumber(f.shrinkBelow)} ${unit}`.trim()]);
  if (f.wanted != null) all.push(["Rule wants", formatCountOf(f.wanted, "worker")]);
  if (f.forecast != null && f.forecast.length > 0) {
    const sizes = f.forecast.map(({ workers, percent: value }) => `${formatPercent(value)} on ${workers}`).join(", ");
    all.push(["Forecast", f.forecastLimit == null ? sizes : `${sizes} (limit ${formatPercent(f.forecastLimit)})`]);
  }
  if (f.checks != null) all.push(["Checks in a row", `${f.checks.have} of ${f.checks.need}`]);
  if (f.waiting != null) all.push(["Waiting", formatCountOf(f.waiting, "job")]);
  if (f.responseMs != null) all.push(["Response time", `${formatNumber(f.responseMs)}\u00a0ms`]);
  if (f.lastChange != null) {
    const { at, from, to } = f.lastChange;
    all.push([
      "Last change",
      `${from} → ${to} at ${formatTime(at, "time", { zone: reader.timeZone })}, ${formatInterval(row.at - at)} before`,
    ]);
  }
  all.push([
    "Workers",
    `${row.inService} in service, ${row.warming} warming, ${row.pending} pending, ${row.draining} draining`,
  ]);
  all.push(["Policy", h("a", { href: `/policy/${row.pool}#v${row.policyVersion}` }, `v${row.policyVersion}`)]);
  return all;
}

function activityFacts(activity: ActivityRow, reader: Reader): readonly Fact[] {
  const all: Fact[] = [
    ["Asked by", activity.actor],
    ["Desired", `${activity.desiredBefore} → ${activity.desiredAfter}`],
  ];
  if (activity.instanceIds.length > 0) {
    all.push(["Workers", activity.instanceIds.map((id) => h("div", { class: "eg-mono" }, id))]);
  }
  all.push(["State", activity.status]);
  if (activity.result !== null) all.push(["Result", withIds(activity.result)]);
  if (activity.finishedAt !== null) {
    all.push([
      "Finished",
      [time(activity.finishedAt, reader), `, after ${formatInterval(activity.finishedAt - activity.at)}`],
    ]);
  }
  return all;
}
