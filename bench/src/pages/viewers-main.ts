import { openViewers, type ViewerOptions, type Viewers } from "@elastic-gas/testing/manager/viewers";

/**
 * Child process: open dashboards, apart from who measures them. Takes `ViewerOptions` to open them instead of those
 * before, and says `opened` when each has the fleet and its charts; takes `"take"` to tell what came since the last
 * time.
 */
let viewers: Viewers | undefined;
let bytesTaken = 0;

process.on("message", (message: ViewerOptions | "take") => {
  if (message === "take") process.send?.(take());
  else open(message);
});
process.once("disconnect", () => process.exit(0));

/** What the pages of this process got since the last time; latencies in milliseconds, of each update of each page. */
export interface Taken {
  readonly latencies: readonly number[];
  readonly bytes: number;
  readonly disconnects: number;
}

function open(options: ViewerOptions): void {
  viewers?.close();
  bytesTaken = 0;
  viewers = openViewers(options);
  const look = setInterval(() => {
    if (viewers === undefined || viewers.charts.some((charts) => charts === null)) return;
    clearInterval(look);
    take();
    process.send?.("opened");
  }, 50);
}

function take(): Taken {
  if (viewers === undefined) throw new Error("No dashboards are open.");
  const bytes = viewers.countBytes();
  const since = bytes - bytesTaken;
  bytesTaken = bytes;
  return {
    latencies: viewers.takeUpdates().map(({ latency }) => latency),
    bytes: since,
    disconnects: viewers.countDisconnects(),
  };
}
