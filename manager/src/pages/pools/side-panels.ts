import type { Occurrence } from "../../model/decisions/occurrence.ts";
import type { Alert } from "../../model/fleet/alert.ts";
import type { FleetSnapshot, PoolSnapshot } from "../../model/fleet/fleet-snapshot.ts";
import type { Reader } from "../../model/words.ts";
import { empty, mark, note, time, withIds } from "../kit/parts.ts";
import { el, type MarkupElement } from "../kit/tree.ts";
import { resizeForm } from "./resize-form.ts";
import { ruleWords } from "./rule-panel.ts";

const ALERTS_SHOWN = 4;

/** The column beside the charts: what needs a look, what changed lately, what changes the rules now. */
export function sidePanels(
  fleet: FleetSnapshot,
  pool: PoolSnapshot | undefined,
  { reader, csrf }: { readonly reader: Reader; readonly csrf: string },
): readonly MarkupElement[] {
  return [alertsPanel(fleet.alerts, reader), latestPanel(fleet.latest, reader), ...poolPanels(pool, csrf)];
}

function panel(key: string, title: string, link: MarkupElement, content: readonly MarkupElement[]): MarkupElement {
  return el(
    "section",
    { class: "eg-panel", "data-key": key },
    el("div", { class: "eg-panel-head" }, el("h2", {}, title), el("span", { class: "eg-end eg-small" }, link)),
    content,
  );
}

function alertsPanel(alerts: readonly Alert[], reader: Reader): MarkupElement {
  const shown = alerts.slice(0, ALERTS_SHOWN).map((alert) => alertNote(alert, reader));
  return panel(
    "alerts",
    "Alerts",
    el("a", { href: "/alerts" }, alerts.length > ALERTS_SHOWN ? `All ${alerts.length} alerts` : "All alerts"),
    shown.length === 0
      ? [empty("disc-check", "Nothing needs a look", "Problems with workers, data or launches appear here.")]
      : [el("div", { class: "stack" }, shown)],
  );
}

export function alertNote(alert: Alert, reader: Reader): MarkupElement {
  return note({
    key: alert.id,
    tone: alert.tone,
    glyph: alert.tone === "info" ? "info" : "warning",
    text: [
      el("strong", {}, alert.start),
      " ",
      withIds(alert.text),
      " ",
      el("span", { class: "eg-secondary" }, time(alert.at, reader)),
      alert.link !== null && [" ", el("a", { href: alert.link.href }, alert.link.text)],
    ],
  });
}

function latestPanel(latest: readonly Occurrence[], reader: Reader): MarkupElement {
  const items = latest.map((occurrence) =>
    el(
      "li",
      { class: "latest-item", "data-key": occurrence.id },
      mark(occurrence.mark),
      el(
        "div",
        {},
        el(
          "a",
          { class: "latest-sentence", href: `/decisions?range=24h#${occurrence.id}` },
          withIds(occurrence.sentence),
        ),
        el(
          "div",
          { class: "eg-small eg-secondary" },
          time(occurrence.at, reader),
          occurrence.outcome !== "" && ` · ${occurrence.outcome}`,
        ),
      ),
    ),
  );
  return panel(
    "latest",
    "Latest changes",
    el("a", { href: "/decisions" }, "All decisions"),
    items.length === 0
      ? [empty("list", "Nothing changed yet", "Changes of a pool's size appear here with their reason.")]
      : [el("ul", { class: "latest" }, items)],
  );
}

function poolPanels(pool: PoolSnapshot | undefined, csrf: string): readonly MarkupElement[] {
  if (pool === undefined) return [];
  const { name } = pool;
  const rule = el("a", { href: `/policy/${name}` }, "Policy");
  const hand = el("a", { href: `/decisions?pool=${name}` }, "Decisions");
  return [
    panel("rule", `Rule of ${name}`, rule, [el("div", { class: "stack" }, ruleWords(pool))]),
    panel("by-hand", `Change ${name} by hand`, hand, [resizeForm(pool, csrf)]),
  ];
}
