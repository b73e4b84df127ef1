import {
  byPeriod,
  completeAt,
  failuresOf,
  keptOf,
  type Phases,
  type PoolRun,
  policyChanges,
  settledCpuOf,
  sizesOf,
} from "./elastic-run.ts";
import { poolChart } from "./pool-chart.ts";
import type { Chart, Check, Figure, Findings } from "./proof.ts";
import { count, percent, sinceStart, table, timeSpan } from "./words.ts";

/** One policy under the constant load. */
export interface PolicyRun extends PoolRun, Pick<Phases, "loadOnAt" | "loadOffAt"> {
  /** What was waited for in vain; null when the pool settled. */
  readonly problem: string | null;
}

interface Context {
  /** Photos a second that one worker takes. */
  readonly perSecond: number;
  readonly settleMs: number;
  readonly leastRequests: number;
  readonly settings: readonly Figure[];
}

/** The pool is looked at every few seconds: it was settled a little less long than was waited. */
const LOOK_MS = 15_000;

/** What a policy showed: checks, figures, chart and every decision. */
export function constantLoadFindings(run: PolicyRun, context: Context): Findings {
  const { requests } = run;
  const cpu = settledCpuOf(run);
  const failed = failuresOf(run).length;
  return {
    checks: checksOf(run, context),
    figures: [
      { label: "workers", value: sizesOf(policyChanges(run)) },
      { label: "requests", value: `${count(requests.length)}, ${failed} failed` },
      { label: "mean CPU when settled", value: rangeOf(cpu) },
      { label: "until the last worker was in service", value: timeSpan(completeAt(run) - run.loadOnAt) },
      { label: "one worker takes", value: `${(context.perSecond * 60).toFixed(0)} photos a minute` },
    ],
    settings: context.settings,
    charts: [chartOf(run)],
    details: detailsOf(run),
    data: keptOf(run),
  };
}

function checksOf(run: PolicyRun, { settleMs, leastRequests }: Context): readonly Check[] {
  const changes = policyChanges(run);
  const settled = run.loadOffAt - completeAt(run);
  const leastMs = settleMs - LOOK_MS;
  const cpu = settledCpuOf(run);
  const { growThresholdPercent: grow, shrinkThresholdPercent: shrink } = run.policy;
  const failed = failuresOf(run).length;
  return [
    {
      what: "the pool only grows",
      measured: sizesOf(changes),
      ok: changes.length > 0 && changes.every((change) => change.desiredAfter > change.desiredBefore),
    },
    {
      what: `then it keeps its size for ${timeSpan(leastMs)} or longer`,
      measured: run.problem ?? `${timeSpan(settled)} without a change`,
      ok: run.problem === null && settled >= leastMs,
    },
    {
      what: `at that size the mean CPU lies between ${shrink} and ${grow} %`,
      measured: `${rangeOf(cpu)} at ${cpu.length} checks`,
      ok: cpu.length > 0 && cpu.every((value) => value >= shrink && value <= grow),
    },
    {
      what: "no request fails",
      measured: `${failed} of ${count(run.requests.length)} failed`,
      ok: failed === 0,
    },
    {
      what: `at least ${count(leastRequests)} requests`,
      measured: count(run.requests.length),
      ok: run.requests.length >= leastRequests,
    },
  ];
}

function rangeOf(values: readonly number[]): string {
  return values.length === 0 ? "not measured" : `${percent(Math.min(...values))} to ${percent(Math.max(...values))}`;
}

function chartOf(run: PolicyRun): Chart {
  const { growThresholdPercent: grow, shrinkThresholdPercent: shrink } = run.policy;
  const last = run.recording.steps.at(-1)?.desired ?? 0;
  const text = `Workers, mean CPU, requests and response times over ${timeSpan(run.endedAt - run.startedAt)} with thresholds of ${grow} and ${shrink} %: a constant load grows the web pool from 1 to ${last} workers, which it keeps. ${count(run.requests.length)} requests, ${failuresOf(run).length} failed.`;
  return {
    file: `constant-load-${grow}-${shrink}.svg`,
    svg: poolChart(run, byPeriod(run), {
      title: "Web pool under a constant load",
      text,
      phases: [{ from: run.loadOnAt, to: run.loadOffAt, text: "constant load" }],
    }),
    text,
  };
}

function detailsOf(run: PolicyRun): string {
  const at = (instant: number) => sinceStart(instant, run.startedAt);
  const failures = failuresOf(run).map(({ sentAt, kind, outcome }) => [at(sentAt), kind, outcome]);
  return [
    `Load on from ${at(run.loadOnAt)} to ${at(run.loadOffAt)}; the last worker was in service at ${at(completeAt(run))}. Times are minutes and seconds since the start of the chart.`,
    failures.length === 0 ? "" : `## Failed requests\n\n${table(["time", "kind", "answer"], failures)}`,
    "## Every decision",
    table(
      ["time", "measured", "decision"],
      run.decisions.map((decision) => [at(decision.at), percent(decision.measured), decision.reason]),
    ),
  ]
    .filter((part) => part !== "")
    .join("\n\n");
}
