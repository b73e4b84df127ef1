import { timeChart } from "./charts/time-chart.ts";
import { type Activity, byPeriod, failuresOf, keptOf, type SeenPool } from "./elastic-run.ts";
import { quantile } from "./load.ts";
import { requestPanels, workersPanel } from "./pool-chart.ts";
import type { Chart, Check, Figure, Findings } from "./proof.ts";
import { count, medianAndP95, percent, seconds, sinceStart, table, timeSpan } from "./words.ts";

/** With more the cores were not all busy. */
const MOST_IDLE_SHARE = 0.02;

/** A worker's life as the autoscaler noted it; null where it did not come so far. Instants are epoch milliseconds. */
export interface Launch {
  readonly instanceId: string;
  readonly launchedAt: number;
  readonly inServiceAt: number | null;
  readonly drainingAt: number | null;
  readonly endedAt: number | null;
}

/** One growth by hand, and the way back. */
export interface Batch {
  readonly number: number;
  readonly workers: number;
  readonly askedAt: number;
  /** All are in service, and none is on its way; null when that did not happen in time. */
  readonly completeAt: number | null;
  readonly shrunkAt: number;
}

export interface BusyRun extends SeenPool {
  readonly batches: readonly Batch[];
  readonly launches: readonly Launch[];
  readonly activities: readonly Activity[];
  /** `cpu`: how many cores they had, on average; `idle`: the share of the cores that nobody used meanwhile. */
  readonly loops: { readonly count: number; readonly cores: number; readonly cpu: number; readonly idle: number };
}

interface Context {
  /** How many were to be launched. */
  readonly launches: number;
  readonly settings: readonly Figure[];
}

export function busyFindings(run: BusyRun, context: Context): Findings {
  const times = timesOf(run);
  const failed = failuresOf(run).length;
  const { cores, cpu } = run.loops;
  return {
    checks: checksOf(run, context),
    figures: [
      { label: "launches", value: `${run.launches.length}, ${run.launches.filter(came).length} in service` },
      { label: "time to service, p50 / p95", value: medianAndP95(times) },
      { label: "requests", value: `${count(run.requests.length)}, ${failed} failed` },
      { label: "endless loops had", value: `${cpu.toFixed(2)} of ${cores} cores` },
      { label: "pages, p50 / p99", value: responses(run, "page") },
      { label: "photos, p50 / p99", value: responses(run, "photo") },
    ],
    settings: context.settings,
    charts: [chartOf(run)],
    details: detailsOf(run),
    data: keptOf(run),
  };
}

function came({ inServiceAt }: Launch): boolean {
  return inServiceAt !== null;
}

/** It left, or was given up, before its growth was taken back by hand. */
function died(launch: Launch, { batches }: BusyRun): boolean {
  const leftAt = launch.drainingAt ?? launch.endedAt;
  if (leftAt === null) return false;
  const batch = batches.findLast(({ askedAt }) => askedAt <= leftAt);
  return batch !== undefined && leftAt < batch.shrunkAt;
}

/** Time from the launch to service. */
function timesOf({ launches }: BusyRun): readonly number[] {
  return launches.flatMap(({ launchedAt, inServiceAt }) => (inServiceAt === null ? [] : [inServiceAt - launchedAt]));
}

function checksOf(run: BusyRun, { launches: wanted }: Context): readonly Check[] {
  const { launches, loops, requests, activities } = run;
  const here = launches.filter(came).length;
  const dead = launches.filter((launch) => died(launch, run));
  const repairs = activities.filter(({ cause }) => cause === "replacement" || cause === "launch");
  const failed = failuresOf(run).length;
  return [
    {
      what: `${wanted} workers are launched, and no more`,
      measured: String(launches.length),
      ok: launches.length === wanted,
    },
    {
      what: "every one of them comes into service",
      measured: `${here} of ${launches.length}`,
      ok: launches.length > 0 && here === launches.length,
    },
    {
      what: "none dies, and none is replaced",
      measured: `${dead.length} left before their end, ${repairs.length} repairs`,
      ok: dead.length === 0 && repairs.length === 0,
    },
    { what: "no request fails", measured: `${failed} of ${count(requests.length)} failed`, ok: failed === 0 },
    {
      what: `all cores are busy: at most ${percent(MOST_IDLE_SHARE * 100)} of their time is idle`,
      measured: `${percent(loops.idle * 100)} of ${loops.cores} cores`,
      ok: loops.idle <= MOST_IDLE_SHARE,
    },
  ];
}

function responses({ requests }: BusyRun, kind: string): string {
  const times = requests.filter((request) => request.kind === kind).map(({ ms }) => ms);
  const [middle, high] = [quantile(times, 0.5), quantile(times, 0.99)];
  return middle === null || high === null ? "not measured" : `${timeSpan(middle)} / ${timeSpan(high)}`;
}

function chartOf(run: BusyRun): Chart {
  const { batches, launches, loops, startedAt, endedAt, requests } = run;
  const failed = failuresOf(run).length;
  const text = `Workers, requests and response times over ${timeSpan(endedAt - startedAt)} while ${loops.count} endless loops keep ${loops.cores} cores busy: ${launches.length} workers are launched in ${batches.length} growths by hand, ${launches.filter(came).length} come into service. ${count(requests.length)} requests, ${failed} failed.`;
  return {
    file: "launches-when-busy.svg",
    svg: timeChart({
      title: "Launches while all cores are busy",
      subtitle: `${loops.count} endless loops on ${loops.cores} cores. ${launches.length} launches, ${launches.filter(came).length} in service. ${count(requests.length)} requests, ${failed} failed.`,
      text,
      from: startedAt,
      to: endedAt,
      events: run.activities
        .filter(({ cause }) => cause === "replacement")
        .map(({ at }) => ({ at, mark: "R", text: "replaced" })),
      phases: batches.map(({ askedAt, shrunkAt, workers }) => ({ from: askedAt, to: shrunkAt, text: `+${workers}` })),
      panels: [workersPanel(run.recording.steps), ...requestPanels(run, byPeriod(run))],
    }),
    text,
  };
}

function detailsOf(run: BusyRun): string {
  const at = (instant: number) => sinceStart(instant, run.startedAt);
  const rows = run.batches.map(({ number, workers, askedAt, completeAt, shrunkAt }, index) => {
    const until = run.batches[index + 1]?.askedAt ?? run.endedAt;
    const within = run.requests.filter(({ sentAt }) => sentAt >= askedAt && sentAt < until);
    const own = run.launches.filter(({ launchedAt }) => launchedAt >= askedAt - 1_000 && launchedAt < until - 1_000);
    return [
      number,
      at(askedAt),
      workers,
      own.filter(came).length,
      completeAt === null ? "never" : seconds(completeAt - askedAt),
      at(shrunkAt),
      within.length,
      within.filter(({ outcome }) => outcome !== "ok").length,
    ];
  });
  const failures = failuresOf(run).map(({ sentAt, kind, outcome }) => [at(sentAt), kind, outcome]);
  const lost = run.launches
    .filter((launch) => !came(launch) || died(launch, run))
    .map(({ instanceId, launchedAt, inServiceAt, endedAt }) => [
      instanceId,
      at(launchedAt),
      inServiceAt === null ? "never" : at(inServiceAt),
      endedAt === null ? "" : at(endedAt),
    ]);
  return [
    "## Growths",
    table(["growth", "asked at", "workers", "came", "complete after", "shrunk at", "requests", "failed"], rows, {
      numbers: true,
    }),
    "Times are minutes and seconds since the start of the chart. A growth is complete when all workers are in service and none is on its way. Time to service is from EC2's launch time, which is whole seconds, to the autoscaler's word.",
    lost.length === 0
      ? ""
      : `## Workers that died or stayed away\n\n${table(["worker", "launched", "in service", "ended"], lost)}`,
    failures.length === 0 ? "" : `## Failed requests\n\n${table(["time", "kind", "answer"], failures)}`,
  ]
    .filter((part) => part !== "")
    .join("\n\n");
}
