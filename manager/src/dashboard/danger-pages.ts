import { renderInto } from "@elastic-gas/shared/ui/render-into";
import { type Child, fragment } from "@elastic-gas/shared/web/html";
import type { FleetSnapshot } from "../model/fleet/fleet-snapshot.ts";
import type { Reader } from "../model/reader.ts";
import { alertsView } from "../pages/alerts/alerts-view.ts";
import type { LiveSocket } from "../pages/live/follow-live.ts";
import { stopProgress, stoppedNote, stopTable, stopWords } from "../pages/stop/stop-view.ts";

/**
 * What would stop, and the progress of stopping, live; in the end the page says that the manager is gone and stops
 * asking for it.
 */
export function mountStopPage(
  main: HTMLElement,
  socket: LiveSocket,
  drainSeconds: number,
): (fleet: FleetSnapshot, reader: Reader) => void {
  const fill = (part: string, content: Child): void => {
    const place = main.querySelector(`[data-part="${part}"]`);
    if (place !== null) renderInto(place, fragment(content));
  };
  let over = false;
  socket.on("stopped", () => {
    over = true;
    fill("stop-progress", stoppedNote());
  });
  return (fleet, reader) => {
    if (over) return;
    const progress = stopProgress(fleet, reader);
    if (progress === null) {
      fill("stop-table", stopTable(fleet, drainSeconds));
      fill("stop-words", stopWords(fleet));
      return;
    }
    main.querySelector(".danger-panel")?.remove();
    fill("stop-progress", progress);
  };
}

export function mountAlertsPage(main: HTMLElement): (fleet: FleetSnapshot, reader: Reader) => void {
  return (fleet, reader) => {
    const place = main.querySelector('[data-part="alerts"]');
    if (place !== null) renderInto(place, fragment(alertsView(fleet, reader)));
  };
}
