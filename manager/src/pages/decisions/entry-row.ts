import { type Child, type Html, h } from "@elastic-gas/shared/web/html";
import { outcomeOf } from "../../model/decisions/facts.ts";
import { type ChangeEntry, type Entry, type FoldEntry, named } from "../../model/decisions/list-entries.ts";
import type { ActivityRow, DecisionRow } from "../../model/decisions/records.ts";
import { clock, clockSeconds, count, duration, figure, percent, type Reader } from "../../model/words.ts";
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
    h("span", { class: `entry-outcome eg-tone-${entry.tone}` }, entry.outcome),
  ];
  return h(
    "li",
    { class: "entry", id: entry.id, key: entry.id },
    details === null
      ? h("div", { class: "entry-line" }, line)
      : h("details", { class: "entry-more" }, h("summary", { class: "entry-line" }, line), details),
  );
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
        h("span", { class: "entry-outcome eg-small eg-secondary" }, count(entry.checks, "check")),
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

function changeDetails({ decision, activities }: ChangeEntry, reader: Reader): Html | null {
  if (decision === null && activities.length === 0) return null;
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
  if (row.measured !== null) all.push(["Measured", `${figure(row.measured)} ${unit}`.trim()]);
  if (f.window != null) {
    const { from, to, points, of } = f.window;
    all.push(["Window", `${clock(from, reader.timeZone)} to ${clock(to, reader.timeZone)}, ${points} of ${of} points`]);
  }
  if (f.load != null) {
    all.push(["Load", `${f.loadEstimated === true ? "about " : ""}${figure(f.load)} workers’ worth`]);
  }
  if (f.peak != null) all.push(["Peak", `${figure(f.peak.load)} in ${figure(f.peak.minutes)} min`]);
  if (f.growAbove != null) all.push(["Grows above", `${figure(f.growAbove)} ${unit}`.trim()]);
  if (f.shrinkBelow != null) all.push(["Shrinks below", `${figure(f.shrinkBelow)} ${unit}`.trim()]);
  if (f.wanted != null) all.push(["Rule wants", count(f.wanted, "worker")]);
  if (f.forecast != null && f.forecast.length > 0) {
    const sizes = f.forecast.map(({ workers, percent: value }) => `${percent(value)} on ${workers}`).join(", ");
    all.push(["Forecast", f.forecastLimit == null ? sizes : `${sizes} (limit ${percent(f.forecastLimit)})`]);
  }
  if (f.checks != null) all.push(["Checks in a row", `${f.checks.have} of ${f.checks.need}`]);
  if (f.waiting != null) all.push(["Waiting", count(f.waiting, "job")]);
  if (f.responseMs != null) all.push(["Response time", `${figure(f.responseMs)} ms`]);
  if (f.lastChange != null) {
    const { at, from, to } = f.lastChange;
    all.push([
      "Last change",
      `${from} → ${to} at ${clockSeconds(at, reader.timeZone)}, ${duration(row.at - at)} before`,
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
      [time(activity.finishedAt, reader), `, after ${duration(activity.finishedAt - activity.at)}`],
    ]);
  }
  return all;
}
