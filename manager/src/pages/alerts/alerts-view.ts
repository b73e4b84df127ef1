import type { FleetSnapshot } from "../../model/fleet/fleet-snapshot.ts";
import type { Reader } from "../../model/words.ts";
import { empty } from "../kit/parts.ts";
import { el, type MarkupElement } from "../kit/tree.ts";
import { alertNote } from "../pools/side-panels.ts";

/** All alerts, each with what to do below it. */
export function alertsView({ alerts }: FleetSnapshot, reader: Reader): readonly MarkupElement[] {
  if (alerts.length === 0) {
    return [
      el(
        "div",
        { class: "eg-panel", "data-key": "none" },
        empty("disc-check", "Nothing needs a look", "Problems with workers, data, launches or messages appear here."),
      ),
    ];
  }
  return alerts.map((alert) =>
    el(
      "div",
      { class: "alert-item", id: alert.id, "data-key": alert.id },
      alertNote(alert, reader),
      alert.remedy !== null && el("p", { class: "eg-small eg-secondary alert-remedy" }, alert.remedy),
    ),
  );
}
