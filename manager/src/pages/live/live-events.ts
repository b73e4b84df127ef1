import type { PoolName } from "@elastic-gas/shared/resources";
import type { ChartSnapshot } from "../../model/charts/chart-snapshot.ts";
import type { RangeName } from "../../model/charts/range.ts";
import type { FleetSnapshot } from "../../model/fleet/fleet-snapshot.ts";
import type { Change, Whole } from "../../model/live/versions.ts";

/**
 * The socket.io namespace of the dashboard; it takes signed-in administrators and viewers only. Its number changes with
 * what is said below, so that a page that was loaded before loads itself again.
 */
export const LIVE_NAMESPACE = "/live/2";
export const EARLIER_LIVE_NAMESPACES = ["/live"];

/**
 * A page gets each snapshot whole when it connects or asks, and then what changes in it: `follow-live.ts` puts them
 * together. `sentAt`: the server's clock as it is sent, epoch milliseconds; the snapshot may be a moment older.
 */
export interface ServerToPage {
  fleet: (whole: Whole<FleetSnapshot>, sentAt: number) => void;
  fleetChange: (change: Change, sentAt: number) => void;
  charts: (whole: Whole<ChartSnapshot>) => void;
  chartsChange: (change: Change) => void;
  /** Charts could not be read; the ones shown stay. */
  chartsFailed: (failure: ChartsFailure) => void;
  /** All workers are gone and the manager ends. */
  stopped: () => void;
}

export interface PageToServer {
  /** Replaces what the page watches; null = no charts. */
  watch: (charts: ChartChoice | null) => void;
  /** Asks for everything whole, now. */
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
