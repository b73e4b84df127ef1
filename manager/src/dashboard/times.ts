import { formatInterval } from "@elastic-gas/shared/format/durations";
import { type Reader, span, when } from "../model/reader.ts";

/** Rewrites the times of server-rendered pages into the reader's zone, and counts down to the next check. */
export function mountTimes(root: ParentNode, reader: Reader): void {
  for (const element of root.querySelectorAll<HTMLTimeElement>("time[datetime]")) {
    const at = Date.parse(element.dateTime);
    // Times that a live part wrote are in the reader's zone already; writing them again changes nothing.
    if (Number.isNaN(at) || element.dataset.style !== undefined) continue;
    const { until } = element.dataset;
    setText(element, until === undefined ? when(at, reader) : span({ from: at, to: Date.parse(until) }, reader));
  }
  for (const element of root.querySelectorAll<HTMLElement>("[data-next-check]")) {
    const left = Number(element.dataset.nextCheck) - reader.now;
    setText(element, left > 0 ? `in ${formatInterval(left)}` : "now");
  }
}

function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}
