import type { Socket } from "socket.io-client";
import type { ChartSnapshot } from "../../model/charts/chart-snapshot.ts";
import type { FleetSnapshot } from "../../model/fleet/fleet-snapshot.ts";
import { createMirror } from "../../model/live/versions.ts";
import type { ChartChoice, PageToServer, ServerToPage } from "./live-events.ts";

export type LiveSocket = Socket<ServerToPage, PageToServer>;

/** What the server sends, put together: listeners get whole snapshots, each as the server had it. */
export interface LiveFeed {
  onFleet(listener: (fleet: FleetSnapshot, sentAt: number) => void): void;
  onCharts(listener: (charts: ChartSnapshot) => void): void;
  /** Asks for the charts of this choice instead of those before, now and whenever the connection is back. */
  watch(choice: ChartChoice): void;
}

/** Changes that do not follow on what is here, after one that was left out, are dropped and the whole is asked for. */
export function followLive(socket: LiveSocket): LiveFeed {
  const fleet = createMirror<FleetSnapshot>();
  const charts = createMirror<ChartSnapshot>();
  const fleetListeners: ((fleet: FleetSnapshot, sentAt: number) => void)[] = [];
  const chartListeners: ((charts: ChartSnapshot) => void)[] = [];
  let watched: ChartChoice | null = null;
  const tellFleet = (value: FleetSnapshot, sentAt: number): void => {
    for (const listener of fleetListeners) listener(value, sentAt);
  };
  const tellCharts = (value: ChartSnapshot): void => {
    for (const listener of chartListeners) listener(value);
  };
  const forgetCharts = (): void => {
    charts.forget();
    if (watched !== null && socket.connected) socket.emit("watch", watched);
  };

  socket.on("connect", () => {
    fleet.forget();
    forgetCharts();
  });
  socket.on("fleet", (whole, sentAt) => {
    fleet.takeWhole(whole);
    tellFleet(whole.value, sentAt);
  });
  socket.on("fleetChange", (change, sentAt) => {
    const value = fleet.takeChange(change);
    if (value === undefined) socket.emit("refresh");
    else tellFleet(value, sentAt);
  });
  socket.on("charts", (whole) => {
    charts.takeWhole(whole);
    tellCharts(whole.value);
  });
  socket.on("chartsChange", (change) => {
    const value = charts.takeChange(change);
    if (value === undefined) socket.emit("refresh");
    else tellCharts(value);
  });
  return {
    onFleet: (listener) => void fleetListeners.push(listener),
    onCharts: (listener) => void chartListeners.push(listener),
    watch(choice) {
      watched = choice;
      forgetCharts();
    },
  };
}
