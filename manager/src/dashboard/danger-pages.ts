import { renderInto } from "@elastic-gas/shared/ui/render-into";
import { fragment } from "@elastic-gas/shared/web/html";
import type { FleetSnapshot } from "../model/fleet/fleet-snapshot.ts";
import type { Reader } from "../model/reader.ts";
import { alertsView } from "../pages/alerts/alerts-view.ts";
import type { LiveSocket } from "../pages/live/follow-live.ts";
import { stopProgress, stoppedNote } from "../pages/stop/stop-view.ts";

/** The progress of stopping, live; in the end it says that the manager is gone and stops asking for it. */
export function mountStopPage(main: HTMLElement, socket: LiveSocket): (fleet: FleetSnapshot, reader: Reader) => void {
  let over = false;
  socket.on("stopped", () => {
    over = true;
    const place = main.querySelector('[data-part="stop-progress"]');
    if (place !== null) renderInto(place, fragment([stoppedNote()]));
  });
  return (fleet, reader) => {
    if (over) return;
    const place = main.querySelector('[data-part="stop-progress"]');
    const progress = stopProgress(fleet, reader);
    if (place === null || progress === null) return;
    main.querySelector(".danger-panel")?.remove();
    renderInto(place, fragment([progress]));
  };
}

export function mountAlertsPage(main: HTMLElement): (fleet: FleetSnapshot, reader: Reader) => void {
  return (fleet, reader) => {
    const place = main.querySelector('[data-part="alerts"]');
    if (place !== null) renderInto(place, fragment(alertsView(fleet, reader)));
  };
}
