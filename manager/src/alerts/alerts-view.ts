import type { FleetSnapshot } from "../fleet/snapshot.ts";
import { empty } from "../markup/parts.ts";
import { el, type MarkupElement } from "../markup/tree.ts";
import type { Reader } from "../markup/words.ts";
import { alertNote } from "../pools/side-panels.ts";

/** All alerts; a remedy stands below those that a person can do something about. */
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
  return alerts.map((alert) => {
    const remedy = REMEDIES[alert.id.split("-")[0] ?? ""];
    return el(
      "div",
      { class: "alert-item", id: alert.id, "data-key": alert.id },
      alertNote(alert, reader),
      remedy !== undefined && el("p", { class: "eg-small eg-secondary alert-remedy" }, remedy),
    );
  });
}

/** What to do, by the first part of an alert's id. */
const REMEDIES: Readonly<Record<string, string>> = {
  autoscaler:
    "Look at the log of the part “autoscaler” that start.sh prints. start.sh starts it again when it died; it waits while MySQL or EC2 does not answer.",
  cloud: "Look whether local-cloud (or AWS) can be reached from this machine. The next look comes by itself.",
  launch:
    "The autoscaler tries again in another zone, with growing pauses. Look at the worker's console output and at the capacity of the machine.",
  limit: "Raise the maximum if the machine or the quota allows more workers.",
  dead: "The jobs were set to failed with a sentence for their owners, who can run them again.",
  no: "Look whether the workers publish metrics: the console output of one tells.",
};
