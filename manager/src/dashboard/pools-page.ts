import { renderInto } from "@elastic-gas/shared/ui/render-into";
import { fragment } from "@elastic-gas/shared/web/html";
import type { FleetSnapshot } from "../model/fleet/fleet-snapshot.ts";
import type { Reader } from "../model/reader.ts";
import { type PoolsChoice, poolsView } from "../pages/pools/pools-view.ts";
import { createCursor } from "./charts/cursor.ts";
import { mountPoolCharts } from "./charts/pool-charts.ts";
import type { LiveParts } from "./connection.ts";

/** Keeps cards, side panels and charts of the pools page current. */
export function mountPoolsPage(
  main: HTMLElement,
  choice: PoolsChoice,
  { socket, feed, csrf, timeZone }: LiveParts,
): (fleet: FleetSnapshot, reader: Reader) => void {
  const part = (name: string): Element | null => main.querySelector(`[data-part="${name}"]`);
  const charts = mountPoolCharts(main, createCursor(), timeZone);
  const isOurs = (other: PoolsChoice): boolean => other.pool === choice.pool && other.range === choice.range;
  feed.onCharts((snapshot) => {
    if (isOurs({ pool: snapshot.pool, range: snapshot.span.range })) charts.show(snapshot);
  });
  socket.on("chartsFailed", (failure) => {
    if (isOurs(failure)) charts.fail(failure.sentence);
  });
  feed.watch({ pool: choice.pool, range: choice.range });

  return (fleet, reader) => {
    const view = poolsView(fleet, choice, { reader, csrf });
    for (const [name, nodes] of [
      ["link", [view.link]],
      ["cards", view.cards],
      ["side", view.side],
    ] as const) {
      const element = part(name);
      if (element !== null && nodes.length > 0) renderInto(element, fragment(nodes));
    }
  };
}
