import { setTimeout as sleep } from "node:timers/promises";
import type { Database } from "@elastic-gas/shared/database/connect";
import { POOL_NAMES } from "@elastic-gas/shared/resources";
import { type ManagerProcess, startManagerProcess } from "@elastic-gas/testing/manager/manager-process";
import { type Stage, startStagedCloud } from "@elastic-gas/testing/manager/staged-cloud";
import { checkRow, TestBrowser } from "@elastic-gas/testing/manager/test-manager";
import { quantile } from "@elastic-gas/testing/manager/viewers";
import type { Figure, Growth, Measured, Measurement } from "../figures/measurement.ts";
import { cpuMillisecondsOf } from "../local-cloud/process-usage.ts";
import { useDatabaseServer } from "./use-database-server.ts";
import { startViewers, type ViewerProcesses } from "./viewer-process.ts";
import { openWitness, type Witness } from "./witness.ts";

interface Plan {
  readonly viewers: readonly number[];
  readonly workers: readonly number[];
  /** Of each measurement. */
  readonly seconds: number;
}

const PLAN: Plan = { viewers: [1, 100, 1_000], workers: [5, 50, 200], seconds: 60 };
const QUICK: Plan = { viewers: [1, 10, 40], workers: [5, 20], seconds: 5 };
const WORKERS = 12;
const VIEWERS_BY_WORKERS = 100;
const QUICK_VIEWERS_BY_WORKERS = 10;
const VIEWER_PROCESSES = 2;
const SESSIONS = 4;
const WATCHED = { pool: "web", range: "30m" } as const;
const SETTLE_MS = 3_000;
const AGE_SECONDS = 3_600;
const LAUNCHED_AT = new Date(Date.now() - AGE_SECONDS * 1_000);
/** The autoscaler's checks, which every page shows. */
const CHECK_MS = 10_000;
const MOST_P99_MS = 100;
const MOST_SHARE_OF_BYTES = 0.5;
/** A look that is under way at either end of a minute makes a difference. */
const MOST_CALLS = 1.05;

interface Seen {
  readonly viewers: number;
  readonly workers: number;
  readonly medianMs: number;
  readonly p99Ms: number;
  readonly callsPerMinute: number;
  readonly bytesPerViewerMinute: number;
  /** What one page would have read a minute if every update were a whole snapshot. */
  readonly wholeBytesPerMinute: number;
  /** Of the manager's process, for each update of the fleet, however many get it. */
  readonly cpuMsPerUpdate: number;
}

/** Open dashboards of one manager: how soon they have what it sends, what that costs, and what they read. */
export const dashboard: Measurement = {
  name: "dashboard",
  about: "Open dashboards of one manager, by their number and by the number of workers",
  minutes: 7,
  async measure({ quick, say }): Promise<Measured> {
    const plan = quick ? QUICK : PLAN;
    await using started = new AsyncDisposableStack();
    started.use(await useDatabaseServer());
    const staged = started.use(await startStagedCloud());
    staged.stage.metric = (metric, id, at) => Math.round((30 + 40 * shareOf(`${metric} ${id} ${at}`)) * 10) / 10;
    const manager = started.use(await startManagerProcess({ cloud: staged.cloud }));
    started.use(writeChecks(manager.db));
    const viewers = started.use(startViewers(VIEWER_PROCESSES));
    const cookies = await signIn(manager.url);
    const parts = { stage: staged.stage, manager, viewers, cookies, seconds: plan.seconds };
    const byViewers: Seen[] = [];
    for (const count of plan.viewers) byViewers.push(await look(parts, { viewers: count, workers: WORKERS }, say));
    const byWorkers: Seen[] = [];
    const count = quick ? QUICK_VIEWERS_BY_WORKERS : VIEWERS_BY_WORKERS;
    for (const workers of plan.workers) byWorkers.push(await look(parts, { viewers: count, workers }, say));
    return { figures: figuresOf(byViewers), growth: growthOf(byViewers, byWorkers) };
  },
};

/** Always the same for the same text, 0 to 1. */
function shareOf(text: string): number {
  let hash = 7;
  for (const character of text) hash = Math.imul(hash ^ character.charCodeAt(0), 2_654_435_761) >>> 0;
  return (hash >>> 8) / 2 ** 24;
}

function writeChecks(db: Database): Disposable {
  const write = async (): Promise<void> => {
    const at = new Date();
    await db
      .insertInto("decisions")
      .values(POOL_NAMES.map((pool) => checkRow(at, { pool, measured: 40 + 20 * shareOf(`${pool} ${Number(at)}`) })))
      .execute();
  };
  // A check that is not written shows on the pages as one that was missed.
  const timer = setInterval(() => void write().catch(() => {}), CHECK_MS);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

async function signIn(url: string): Promise<readonly string[]> {
  const cookies: string[] = [];
  for (let session = 0; session < SESSIONS; session += 1) {
    const browser = new TestBrowser(url);
    await browser.signIn();
    cookies.push(browser.cookie);
  }
  return cookies;
}

interface Parts {
  readonly stage: Stage;
  readonly manager: ManagerProcess;
  readonly viewers: ViewerProcesses;
  readonly cookies: readonly string[];
  readonly seconds: number;
}

async function look(
  { stage, manager, viewers, cookies, seconds }: Parts,
  size: { readonly viewers: number; readonly workers: number },
  say: (line: string) => void,
): Promise<Seen> {
  stage.workers = Array.from({ length: size.workers }, (_, index) => ({
    id: `i-0${index.toString(16).padStart(16, "0")}`,
    pool: "web",
    health: "healthy",
    ageSeconds: AGE_SECONDS,
    launchedAt: LAUNCHED_AT,
  }));
  const { url } = manager;
  await viewers.open({ url, cookies, count: size.viewers, watch: WATCHED });
  using witness = await openWitness({ url, cookies, watch: WATCHED });
  await sleep(SETTLE_MS);
  const began = beginning(stage, manager, witness);
  await viewers.take();
  await sleep(seconds * 1_000);
  const taken = await viewers.take();
  const ended = beginning(stage, manager, witness);
  if (taken.disconnects > 0)
    throw new Error(`${taken.disconnects} of ${size.viewers} dashboards lost their connection.`);
  const minutes = (ended.at - began.at) / 60_000;
  const seen: Seen = {
    ...size,
    medianMs: quantile(taken.latencies, 0.5),
    p99Ms: quantile(taken.latencies, 0.99),
    callsPerMinute: (ended.calls - began.calls) / minutes,
    bytesPerViewerMinute: taken.bytes / size.viewers / minutes,
    wholeBytesPerMinute: (ended.wholeBytes - began.wholeBytes) / minutes,
    cpuMsPerUpdate: (ended.cpuMs - began.cpuMs) / Math.max(1, ended.updates - began.updates),
  };
  say(
    `${seen.viewers} viewers, ${seen.workers} workers: median ${seen.medianMs} ms, p99 ${seen.p99Ms} ms, ${seen.callsPerMinute.toFixed(0)} AWS calls a minute, ${kilobytes(seen.bytesPerViewerMinute).toFixed(1)} KB a viewer and minute (${kilobytes(seen.wholeBytesPerMinute).toFixed(0)} whole), ${seen.cpuMsPerUpdate.toFixed(1)} ms of CPU an update`,
  );
  return seen;
}

function beginning(stage: Stage, manager: ManagerProcess, witness: Witness) {
  return {
    at: Date.now(),
    calls: [...stage.calls.values()].reduce((sum, calls) => sum + calls, 0),
    cpuMs: cpuMillisecondsOf(manager.pid),
    updates: witness.updates,
    wholeBytes: witness.wholeBytes,
  };
}

function kilobytes(bytes: number): number {
  return bytes / 1_000;
}

function figuresOf(byViewers: readonly Seen[]): readonly Figure[] {
  const [one, most] = [byViewers[0], byViewers.at(-1)];
  if (one === undefined || most === undefined) throw new Error("No number of viewers was measured.");
  const many = most.viewers.toLocaleString("en-US");
  return [
    {
      name: "dashboard-p99",
      what: `${many} dashboards: from the manager's sending to the page's having it, p99`,
      value: most.p99Ms,
      unit: "ms",
      baseline: `read by ${VIEWER_PROCESSES} processes of the same machine, whose work is counted too`,
      better: "lower",
      asked: MOST_P99_MS,
      isComparable: false,
    },
    {
      name: "dashboard-median",
      what: "the same, median",
      value: most.medianMs,
      unit: "ms",
      baseline: `${one.medianMs} ms with ${one.viewers} dashboard`,
      better: "lower",
      isComparable: false,
    },
    {
      name: "dashboard-aws-calls",
      what: `${many} dashboards: AWS calls a minute`,
      value: most.callsPerMinute / one.callsPerMinute,
      unit: "ratio",
      baseline: `those of ${one.viewers} dashboard (${one.callsPerMinute.toFixed(0)})`,
      better: "lower",
      asked: MOST_CALLS,
    },
    {
      name: "dashboard-bytes",
      what: `what a dashboard of ${most.workers} workers reads in a minute, of ${many}`,
      value: kilobytes(most.bytesPerViewerMinute),
      unit: "KB",
      baseline: "bytes of its TCP connection",
      better: "lower",
    },
    {
      name: "dashboard-bytes-of-whole",
      what: "the same",
      value: most.bytesPerViewerMinute / most.wholeBytesPerMinute,
      unit: "ratio",
      baseline: "a whole snapshot for every update",
      better: "lower",
      asked: MOST_SHARE_OF_BYTES,
    },
    {
      name: "dashboard-cpu",
      what: `${many} dashboards: CPU of the manager for one of them and an update`,
      value: most.cpuMsPerUpdate / most.viewers / one.cpuMsPerUpdate,
      unit: "ratio",
      baseline: "an update with one dashboard",
      better: "lower",
    },
  ];
}

function growthOf(byViewers: readonly Seen[], byWorkers: readonly Seen[]): readonly Growth[] {
  const points = (all: readonly Seen[], x: "viewers" | "workers", y: (seen: Seen) => number) =>
    all.map((seen) => [seen[x], y(seen)] as const);
  const sent = (seen: Seen): number => kilobytes(seen.bytesPerViewerMinute);
  const whole = (seen: Seen): number => kilobytes(seen.wholeBytesPerMinute);
  const viewers = byWorkers[0]?.viewers ?? 0;
  const growth = (x: "viewers" | "workers", all: readonly Seen[], of: string): readonly Growth[] => [
    {
      name: `dashboard-bytes-by-${x}`,
      title: `What a dashboard reads in a minute by ${x}, ${of}`,
      x,
      y: "KB",
      lines: [
        { label: "as sent", points: points(all, x, sent) },
        { label: "whole snapshots", points: points(all, x, whole) },
      ],
    },
    {
      name: `dashboard-cpu-by-${x}`,
      title: `CPU of the manager for an update by ${x}, ${of}`,
      x,
      y: "ms",
      lines: [{ label: "CPU", points: points(all, x, ({ cpuMsPerUpdate }) => cpuMsPerUpdate) }],
    },
  ];
  return [...growth("viewers", byViewers, `${WORKERS} workers`), ...growth("workers", byWorkers, `${viewers} viewers`)];
}
