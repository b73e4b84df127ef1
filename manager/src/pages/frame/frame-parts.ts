import { formatInterval } from "@elastic-gas/shared/format/durations";
import { formatTime } from "@elastic-gas/shared/format/times";
import { type Html, h } from "@elastic-gas/shared/web/html";
import { silenceOfAutoscaler } from "../../model/alerts/installation-alerts.ts";
import type { Alert } from "../../model/fleet/alert.ts";
import type { FleetSnapshot } from "../../model/fleet/fleet-snapshot.ts";
import type { Reader } from "../../model/reader.ts";
import { actionForm, note, time } from "../kit/parts.ts";

/** What is wrong with the whole installation now, above every page; at most two, the rest stands under Alerts. */
export function frameNotes(fleet: FleetSnapshot, reader: Reader, csrf: string): readonly Html[] {
  const notes: Html[] = [];
  if (fleet.stop !== null) {
    notes.push(
      note({
        key: "stop",
        tone: "bad",
        glyph: "stop",
        text: [h("strong", {}, "The manager is stopping."), ` Asked by ${fleet.stop.by}. No new workers start.`],
        action: h("a", { href: "/settings/stop" }, "Progress"),
      }),
    );
  }
  const silence = silenceOfAutoscaler(reader.now, fleet.autoscaler);
  if (silence !== null) {
    notes.push(
      note({
        key: "autoscaler",
        tone: "bad",
        glyph: "warning",
        text: [
          h("strong", {}, `The autoscaler has not checked for ${formatInterval(silence)}.`),
          " Pools keep their size; lost workers are not replaced.",
        ],
        action: h("a", { href: "/alerts#autoscaler" }, "What to do"),
      }),
    );
  }
  if (fleet.cloud.failure !== null) {
    const seen = fleet.cloud.seenAt;
    notes.push(
      note({
        key: "cloud",
        tone: "warn",
        glyph: "warning",
        text: [
          h("strong", {}, "AWS does not answer."),
          ` ${fleet.cloud.failure}`,
          seen !== null && ` Last seen at ${formatTime(seen, "time", { zone: reader.timeZone })}.`,
        ],
      }),
    );
  }
  for (const pool of fleet.pools) {
    if (pool.paused === null) continue;
    notes.push(
      note({
        key: `paused-${pool.name}`,
        tone: "warn",
        glyph: "pause",
        text: [
          h("strong", {}, `${pool.name} is paused`),
          ` by ${pool.paused.by} since ${formatTime(pool.paused.at, "minute", { zone: reader.timeZone })}. Lost workers are still replaced.`,
        ],
        action: actionForm(
          { action: `/pools/${pool.name}/resume`, csrf, busy: "Resuming" },
          h("button", { type: "submit", class: "eg-button eg-button-small" }, "Resume"),
        ),
      }),
    );
  }
  return notes.slice(0, 2);
}

export interface SideCounts {
  readonly workers: number;
  readonly alerts: number;
  /** Of the alerts; "info" while there is none. */
  readonly worst: Alert["tone"];
}

export function sideCounts(fleet: FleetSnapshot): SideCounts {
  return {
    workers: fleet.workers.filter((worker) => worker.state !== "terminated").length,
    alerts: fleet.alerts.length,
    // The worst comes first.
    worst: fleet.alerts[0]?.tone ?? "info",
  };
}

/** The badge beside "Alerts", in the colour of the worst of them. */
export function alertBadgeClass({ worst }: Pick<SideCounts, "worst">): string {
  return `side-count side-count-alerts side-count-${worst}`;
}

export function sideFoot(fleet: FleetSnapshot, reader: Reader): readonly Html[] {
  const { lastCheckAt, alive } = fleet.autoscaler;
  return [
    h("p", {}, lastCheckAt === null ? "Autoscaler not seen yet" : alive ? "Autoscaler running" : "Autoscaler silent"),
    lastCheckAt === null
      ? h("p", {}, "No check yet")
      : h(
          "p",
          {},
          "Last check ",
          time(lastCheckAt, reader, formatTime(lastCheckAt, "time", { zone: reader.timeZone })),
        ),
    h("p", {}, `${fleet.region}, prefix ${fleet.prefix}`),
    h("p", { class: "side-zone" }, `Times in ${reader.timeZone}`),
  ];
}
