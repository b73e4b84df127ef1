import type { PoolName } from "@elastic-gas/shared/resources";
import type { ChartSnapshot } from "../../model/charts/chart-snapshot.ts";
import type { RangeName } from "../../model/charts/range.ts";
import type { FleetSnapshot } from "../../model/fleet/fleet-snapshot.ts";

/** The socket.io namespace of the dashboard; it takes signed-in administrators and viewers only. */
export const LIVE_NAMESPACE = "/live";

/** Snapshots only: each replaces the one before, and the page merges nothing. */
export interface ServerToPage {
  /** `sentAt`: the server's clock as it is sent, epoch milliseconds; the snapshot may be a moment older. */
  fleet: (snapshot: FleetSnapshot, sentAt: number) => void;
  charts: (snapshot: ChartSnapshot) => void;
  /** Charts could not be read; the ones shown stay. */
  chartsFailed: (failure: ChartsFailure) => void;
  /** All workers are gone and the manager ends. */
  stopped: () => void;
}

export interface PageToServer {
  /** Replaces what the page watches; null = no charts. */
  watch: (charts: ChartChoice | null) => void;
  /** Asks for everything at once, now. */
  refresh: () => void;
}

export interface ChartChoice {
  readonly pool: PoolName;
  readonly range: RangeName;
}

export interface ChartsFailure extends ChartChoice {
  readonly sentence: string;
  readonly retryAt: number;
}

export function chartRoom({ pool, range }: ChartChoice): string {
  return `charts ${pool} ${range}`;
}
