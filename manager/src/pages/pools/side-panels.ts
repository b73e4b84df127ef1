import { type Html, h } from "@elastic-gas/shared/web/html";
import type { Occurrence } from "../../model/decisions/occurrence.ts";
import type { Alert } from "../../model/fleet/alert.ts";
import type { FleetSnapshot, PoolSnapshot } from "../../model/fleet/fleet-snapshot.ts";
import type { Reader } from "../../model/reader.ts";
import { empty, mark, mayAct, note, time, withIds } from "../kit/parts.ts";
import { resizeForm } from "./resize-form.ts";
import { ruleWords } from "./rule-panel.ts";

const ALERTS_SHOWN = 4;

/** The column beside the charts: what needs attention, what changed lately, what changes the rules now. */
export function sidePanels(
  fleet: FleetSnapshot,
  pool: PoolSnapshot | undefined,
  { reader, csrf }: { readonly reader: Reader; readonly csrf: string },
): readonly Html[] {
  return [alertsPanel(fleet.alerts, reader), latestPanel(fleet.latest, reader), ...poolPanels(pool, csrf)];
}

function panel(key: string, title: string, link: Html, content: readonly Html[]): Html {
  return h(
    "section",
    { class: key === "by-hand" ? "eg-panel eg-screen" : "eg-panel", key: key },
    h("div", { class: "eg-panel-head" }, h("h2", {}, title), h("span", { class: "eg-end eg-small" }, link)),
    content,
  );
}

function alertsPanel(alerts: readonly Alert[], reader: Reader): Html {
  const shown = alerts.slice(0, ALERTS_SHOWN).map((alert) => alertNote(alert, reader));
  return panel(
    "alerts",
    "Alerts",
    h("a", { href: "/alerts" }, alerts.length > ALERTS_SHOWN ? `All ${alerts.length} alerts` : "All alerts"),
    shown.length === 0
      ? [empty("disc-check", "All clear", "Problems with workers, data or launches appear here.")]
      : [h("div", { class: "stack" }, shown)],
  );
}

export function alertNote(alert: Alert, reader: Reader): Html {
  return note({
    key: alert.id,
    tone: alert.tone,
    glyph: alert.tone === "info" ? "info" : "warning",
    text: [
      h("strong", {}, alert.start),
      " ",
      withIds(alert.text),
      " ",
      h("span", { class: "eg-secondary" }, time(alert.at, reader)),
      alert.link !== null && [" ", h("a", { href: alert.link.href }, alert.link.text)],
    ],
  });
}

function latestPanel(latest: readonly Occurrence[], reader: Reader): Html {
  const items = latest.map((occurrence) =>
    h(
      "li",
      { class: "latest-item", key: occurrence.id },
      mark(occurrence.mark),
      h(
        "div",
        {},
        h(
          "a",
          { class: "latest-sentence", href: `/decisions?range=24h#${occurrence.id}` },
          withIds(occurrence.sentence),
        ),
        h(
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
    h("a", { href: "/decisions" }, "All decisions"),
    items.length === 0
      ? [empty("list", "Nothing changed yet", "Changes of a pool's size appear here with their reason.")]
      : [h("ul", { class: "latest" }, items)],
  );
}

function poolPanels(pool: PoolSnapshot | undefined, csrf: string): readonly Html[] {
  if (pool === undefined) return [];
  const { name } = pool;
  const rule = h("a", { href: `/policy/${name}` }, "Policy");
  const hand = h("a", { href: `/decisions?pool=${name}` }, "Decisions");
  return [
    panel("rule", `Rule of ${name}`, rule, [h("div", { class: "stack" }, ruleWords(pool))]),
    ...(mayAct(csrf) ? [panel("by-hand", `Change ${name} manually`, hand, [resizeForm(pool, csrf)])] : []),
  ];
}
