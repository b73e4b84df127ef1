import { type Html, h } from "@elastic-gas/shared/web/html";
import type { FleetSnapshot } from "../../model/fleet/fleet-snapshot.ts";
import type { Reader } from "../../model/reader.ts";
import { empty } from "../kit/parts.ts";
import { alertNote } from "../pools/side-panels.ts";

/** All alerts, each with what to do below it. */
export function alertsView({ alerts }: FleetSnapshot, reader: Reader): readonly Html[] {
  if (alerts.length === 0) {
    return [
      h(
        "div",
        { class: "eg-panel", key: "none" },
        empty("disc-check", "All clear", "Problems with workers, data, launches or messages appear here."),
      ),
    ];
  }
  return alerts.map((alert) =>
    h(
      "div",
      { class: "alert-item", id: alert.id, key: alert.id },
      alertNote(alert, reader),
      alert.remedy !== null && h("p", { class: "eg-small eg-secondary alert-remedy" }, alert.remedy),
    ),
  );
}
