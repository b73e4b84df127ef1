import type { Socket as NetSocket } from "node:net";
import type { ChartSnapshot } from "@elastic-gas/manager/model/charts/chart-snapshot";
import type { FleetSnapshot } from "@elastic-gas/manager/model/fleet/fleet-snapshot";
import { followLive, type LiveSocket } from "@elastic-gas/manager/pages/live/follow-live";
import { type ChartChoice, LIVE_NAMESPACE } from "@elastic-gas/manager/pages/live/live-events";
import { io } from "socket.io-client";

/** Open dashboards, for tests: each a connection of its own with the cookie of a signed-in session. */
export interface Viewers {
  readonly sockets: readonly LiveSocket[];
  /** One for each snapshot that a page got since the last call. */
  takeUpdates(): readonly Update[];
  /** How many snapshots of the fleet each has got since it opened. */
  readonly rounds: readonly number[];
  /** The newest charts that each has got. */
  readonly charts: readonly (ChartSnapshot | null)[];
  countDisconnects(): number;
  /** What all of them have read of their connections since they opened, at TCP. */
  countBytes(): number;
  close(): void;
}

/** In milliseconds until the page had it, by the clock that both ends share. */
export interface Update {
  /** Since the server sent it. */
  readonly latency: number;
  /** Since the server had AWS's answers for it: with its questions to MySQL. */
  readonly age: number;
}

export interface ViewerOptions {
  readonly url: string;
  /** Used in turn. */
  readonly cookies: readonly string[];
  readonly count: number;
  readonly watch: ChartChoice;
  /** Told of every snapshot, as the page shows it. */
  readonly heard?: (event: "fleet" | "charts", snapshot: FleetSnapshot | ChartSnapshot) => void;
}

export function openViewers({ url, cookies, count, watch, heard }: ViewerOptions): Viewers {
  let updates: Update[] = [];
  let disconnects = 0;
  const rounds = new Array<number>(count).fill(0);
  const charts = new Array<ChartSnapshot | null>(count).fill(null);
  const sockets = Array.from({ length: count }, (_, index) => {
    const socket: LiveSocket = io(url + LIVE_NAMESPACE, {
      extraHeaders: { cookie: cookies[index % cookies.length] ?? "" },
      transports: ["websocket"],
      forceNew: true,
      reconnection: false,
    });
    const feed = followLive(socket);
    feed.watch(watch);
    feed.onFleet((fleet, sentAt) => {
      const now = Date.now();
      updates.push({ latency: now - sentAt, age: now - fleet.at });
      rounds[index] = (rounds[index] ?? 0) + 1;
      heard?.("fleet", fleet);
    });
    feed.onCharts((snapshot) => {
      charts[index] = snapshot;
      heard?.("charts", snapshot);
    });
    socket.on("disconnect", () => {
      disconnects += 1;
    });
    return socket;
  });
  return {
    sockets,
    takeUpdates: () => {
      const taken = updates;
      updates = [];
      return taken;
    },
    rounds,
    charts,
    countDisconnects: () => disconnects,
    countBytes: () => sockets.reduce((sum, socket) => sum + connectionOf(socket).bytesRead, 0),
    close: () => {
      for (const socket of sockets) socket.disconnect();
    },
  };
}

/** The page's end of a websocket's TCP connection, which socket.io does not show. */
export function connectionOf(socket: LiveSocket): NetSocket {
  const transport = socket.io.engine.transport as unknown as { readonly ws: { readonly _socket: NetSocket } };
  return transport.ws._socket;
}

/** The value that the given share of all is not above; 0 < share <= 1. NaN for none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

/** Change of `y` for each unit of `x`, by least squares. */
export function slope(points: readonly { readonly x: number; readonly y: number }[]): number {
  const mean = (values: readonly number[]): number => values.reduce((sum, each) => sum + each, 0) / values.length;
  const meanX = mean(points.map(({ x }) => x));
  const meanY = mean(points.map(({ y }) => y));
  const over = points.reduce((sum, { x, y }) => sum + (x - meanX) * (y - meanY), 0);
  return over / points.reduce((sum, { x }) => sum + (x - meanX) ** 2, 0);
}
