import {
  byPeriod,
  completeAt,
  type ElasticRun,
  failuresOf,
  keptOf,
  type Period,
  policyChanges,
  settledCpuOf,
  sizesOf,
} from "./elastic-run.ts";
import { quantile } from "./load.ts";
import { poolChart } from "./pool-chart.ts";
import type { Check, Figure, Findings } from "./proof.ts";
import { count, percent, sinceStart, table, timeSpan } from "./words.ts";

const LONGEST_MS = 40 * 60_000;
const REQUESTS = { full: 5_000, quick: 300 };
const SETTLED_MS = { full: 6 * 60_000, quick: 30_000 };

/** What one load step showed: checks, figures, table and chart. */
export function elasticFindings(
  run: ElasticRun,
  { quick, settings }: { readonly quick: boolean; readonly settings: readonly Figure[] },
): Findings {
  const periods = byPeriod(run);
  const peak = Math.max(...run.recording.steps.map(({ desired }) => desired));
  const text = `Workers, mean CPU, requests and response times over ${timeSpan(run.endedAt - run.startedAt)}: a load step grows the web pool from 1 to ${peak} workers, which it keeps; without the load it shrinks to 1. ${count(run.requests.length)} requests, ${failuresOf(run).length} failed.`;
  const photoLoad = `${(run.clients / (run.cycleMs / 1_000) / run.perSecond).toFixed(1)} workers' worth of photos`;
  const svg = poolChart(run, periods, {
    title: "Web pool under a CPU-bound load step",
    text,
    phases: [
      { from: run.calibratedFrom, to: run.calibratedTo, text: "measuring" },
      { from: run.loadOnAt, to: run.loadOffAt, text: photoLoad },
    ],
  });
  return {
    checks: checksOf(run, quick),
    figures: figuresOf(run),
    settings: [
      ...settings,
      { label: "photo clients", value: `${run.clients}, each a photo every ${timeSpan(run.cycleMs)}` },
    ],
    charts: [{ file: "elastic-cpu.svg", svg, text }],
    details: details(run, periods),
    data: keptOf(run),
  };
}

function checksOf(run: ElasticRun, quick: boolean): readonly Check[] {
  const form = quick ? "quick" : "full";
  const changes = policyChanges(run);
  const early = changes.filter(({ at }) => at >= run.startedAt && at < run.loadOnAt);
  const grown = changes.filter(({ at }) => at >= run.loadOnAt && at < run.loadOffAt);
  const after = changes.filter(({ at }) => at >= run.loadOffAt);
  const last = run.recording.steps.at(-1);
  const settledMs = run.loadOffAt - completeAt(run);
  const failures = failuresOf(run);
  const settledCpu = settledCpuOf(run);
  const { growThresholdPercent: grow, shrinkThresholdPercent: shrink } = run.policy;
  const checks: Check[] = [
    { what: "without load the pool stays at 1 worker", measured: sizesOf(early), ok: early.length === 0 },
    {
      what: "under load the pool only grows",
      measured: sizesOf(grown),
      ok: grown.length > 0 && grown.every((change) => change.desiredAfter > change.desiredBefore),
    },
    {
      what: `at constant load it then keeps its size for ${timeSpan(SETTLED_MS[form])} or longer`,
      measured: `${timeSpan(settledMs)} without a change`,
      ok: settledMs >= SETTLED_MS[form],
    },
    {
      what: "at that size the mean CPU lies between the thresholds",
      measured: `${percent(Math.min(...settledCpu))} to ${percent(Math.max(...settledCpu))} at ${settledCpu.length} checks`,
      ok: settledCpu.length > 0 && settledCpu.every((value) => value >= shrink && value <= grow),
    },
    {
      what: "without the load it only shrinks, back to 1 worker",
      measured: `${sizesOf(after)}; in service at the end: ${last?.inService ?? 0}, draining: ${last?.draining ?? 0}`,
      ok:
        after.length > 0 &&
        after.every((change) => change.desiredAfter < change.desiredBefore) &&
        last?.desired === 1 &&
        last.inService === 1 &&
        last.draining === 0,
    },
    {
      what: "no request fails",
      measured: `${failures.length} of ${count(run.requests.length)} failed`,
      ok: failures.length === 0,
    },
    {
      what: `at least ${count(REQUESTS[form])} requests`,
      measured: count(run.requests.length),
      ok: run.requests.length >= REQUESTS[form],
    },
    {
      what: "every minute has its decision",
      measured: `longest time between two: ${timeSpan(longestGap(run))}`,
      ok: longestGap(run) <= 2 * run.durations.periodSeconds * 1_000,
    },
  ];
  if (run.problems.length > 0)
    checks.push({ what: "nothing was waited for in vain", measured: run.problems.join("; "), ok: false });
  const whole = { what: "in less than 40 minutes", measured: timeSpan(run.endedAt - run.startedAt) };
  return quick ? checks : [...checks, { ...whole, ok: run.endedAt - run.startedAt < LONGEST_MS }];
}

function figuresOf(run: ElasticRun): readonly Figure[] {
  const changes = policyChanges(run);
  const complete = completeAt(run);
  const peak = Math.max(...run.recording.steps.map(({ desired }) => desired));
  const photos = run.requests.filter(({ kind, sentAt }) => kind === "photo" && sentAt >= complete);
  const pages = run.requests.filter(({ kind }) => kind === "page");
  const back = run.recording.steps.find(({ at, desired }) => at > run.loadOffAt && desired === 1);
  const p = (requests: typeof photos, share: number) =>
    timeSpan(
      quantile(
        requests.map(({ ms }) => ms),
        share,
      ) ?? 0,
    );
  return [
    { label: "workers", value: sizesOf(changes) },
    { label: "requests", value: `${count(run.requests.length)}, ${failuresOf(run).length} failed` },
    { label: `load on until all ${peak} workers were in service`, value: timeSpan(complete - run.loadOnAt) },
    { label: "load off until 1 worker was wanted", value: timeSpan((back?.at ?? run.endedAt) - run.loadOffAt) },
    {
      label: "first growth after the load began",
      value: timeSpan((changes.find(({ at }) => at >= run.loadOnAt)?.at ?? run.endedAt) - run.loadOnAt),
    },
    { label: "one worker takes", value: `${(run.perSecond * 60).toFixed(0)} photos a minute` },
    { label: `photos at ${peak} workers, p50 / p99`, value: `${p(photos, 0.5)} / ${p(photos, 0.99)}` },
    { label: "light pages, whole run, p50 / p99", value: `${p(pages, 0.5)} / ${p(pages, 0.99)}` },
    { label: "whole run", value: timeSpan(run.endedAt - run.startedAt) },
  ];
}

function details(run: ElasticRun, periods: readonly Period[]): string {
  const at = (instant: number) => sinceStart(instant, run.startedAt);
  const ms = (value: number | null) => (value === null ? "" : count(value));
  const actual = run.activities.filter(({ at: when }) => when >= run.startedAt);
  const actions = actual.map(({ at: when, cause, actor, desiredBefore, desiredAfter, reason, result }) => [
    at(when),
    `${desiredBefore} → ${desiredAfter}`,
    `${reason}${cause === "policy" ? "" : ` (${cause}, ${actor})`}`,
    result ?? "",
  ]);
  const rows = periods.map((row) => [
    at(row.at),
    row.desired,
    row.inService,
    row.pending,
    row.draining,
    percent(row.cpuPercent),
    count(row.requests),
    row.failed,
    ms(row.photoP50),
    ms(row.photoP99),
    ms(row.pageP50),
    ms(row.pageP99),
  ]);
  const failures = failuresOf(run).map(({ sentAt, kind, outcome }) => [at(sentAt), kind, outcome]);
  const length = run.durations.periodSeconds === 60 ? "minute" : `${run.durations.periodSeconds} s`;
  return [
    `One worker was measured first (with the policy paused): ${run.perSecond.toFixed(2)} photos a second beside the light pages. The load is ${run.clients} clients, each sending a photo every ${timeSpan(run.cycleMs)} and waiting for its answer, on from ${at(run.loadOnAt)} to ${at(run.loadOffAt)}. Times are minutes and seconds since the start of the measurement.`,
    "## Actions",
    table(["time", "workers", "why, as the dashboard says it", "outcome"], actions),
    failures.length === 0 ? "" : `## Failed requests\n\n${table(["time", "kind", "answer"], failures)}`,
    `## By ${length}`,
    "Counts at the end of each; pending includes warming; response times in milliseconds of requests sent in it; CPU is the mean of the workers in service.",
    table(
      [
        "time",
        "desired",
        "in service",
        "pending",
        "draining",
        "CPU",
        "requests",
        "failed",
        "photo p50",
        "photo p99",
        "page p50",
        "page p99",
      ],
      rows,
      { numbers: true },
    ),
    "## Every decision",
    table(
      ["time", "measured", "decision"],
      run.decisions.map((decision) => [at(decision.at), percent(decision.measured), decision.reason]),
    ),
  ]
    .filter((part) => part !== "")
    .join("\n\n");
}

function longestGap({ decisions, startedAt }: ElasticRun): number {
  const instants = decisions.map(({ at }) => at).filter((at) => at >= startedAt);
  return instants.reduce((longest, at, index) => Math.max(longest, at - (instants[index - 1] ?? at)), 0);
}
