import { renderInto } from "@elastic-gas/shared/ui/render-into";
import { fragment } from "@elastic-gas/shared/web/html";
import type { FleetSnapshot } from "../model/fleet/fleet-snapshot.ts";
import type { Reader } from "../model/reader.ts";
import { alertBadgeClass, frameNotes, sideCounts, sideFoot } from "../pages/frame/frame-parts.ts";
import { announceCalmly } from "./announce.ts";

/** The live parts around every page: notes, counts in the navigation, last check. */
export function mountFrame(csrf: string): (fleet: FleetSnapshot, reader: Reader) => void {
  let said = "";
  return (fleet, reader) => {
    const notes = document.querySelector("[data-frame-notes]");
    if (notes !== null) renderInto(notes, fragment(frameNotes(fleet, reader, csrf)));
    const foot = document.querySelector("[data-side-foot]");
    if (foot !== null) renderInto(foot, fragment(sideFoot(fleet, reader)));
    const counts = sideCounts(fleet);
    for (const name of ["workers", "alerts"] as const) {
      const element = document.querySelector<HTMLElement>(`[data-side-count="${name}"]`);
      if (element === null) continue;
      const count = String(counts[name]);
      if (element.textContent !== count) element.textContent = count;
      element.hidden = name === "alerts" && counts.alerts === 0;
      if (name === "alerts") element.className = alertBadgeClass(counts);
    }
    const words = fleet.pools
      .map((pool) => `${pool.name}: ${pool.counts.inService} of ${pool.desired} in service.`)
      .join(" ");
    if (said !== "" && words !== said) announceCalmly(words);
    said = words;
  };
}
