import { LIVE_NAMESPACE } from "@elastic-gas/manager/pages/live/live-events";
import { openViewers, type ViewerOptions } from "@elastic-gas/testing/manager/viewers";
import { waitUntil } from "@elastic-gas/testing/wait-until";

/** One more dashboard, which counts what its updates would be as whole snapshots. */
export interface Witness extends Disposable {
  /** Of the fleet. */
  readonly updates: number;
  readonly wholeBytes: number;
}

/** Of a websocket's frame from 126 to 65,535 bytes. */
const FRAME_HEAD_BYTES = 4;

export async function openWitness(options: Omit<ViewerOptions, "count" | "heard">): Promise<Witness> {
  let wholeBytes = 0;
  const viewers = openViewers({
    ...options,
    count: 1,
    heard(event, snapshot) {
      const text = `42${LIVE_NAMESPACE},${JSON.stringify([event, snapshot, Date.now()])}`;
      wholeBytes += FRAME_HEAD_BYTES + Buffer.byteLength(text);
    },
  });
  await waitUntil("the witness has its charts", () => viewers.charts[0] != null, { deadlineMs: 60_000 });
  return {
    get updates() {
      return viewers.rounds[0] ?? 0;
    },
    get wholeBytes() {
      return wholeBytes;
    },
    [Symbol.dispose]: () => viewers.close(),
  };
}
