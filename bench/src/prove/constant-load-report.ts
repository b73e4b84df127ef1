import {
  byPeriod,
  completeAt,
  failuresOf,
  type Phases,
  type PoolRun,
  policyChanges,
  settledCpuOf,
  sizesOf,
} from "./elastic-run.ts";
import type { Request } from "./load.ts";
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
  /** Of the whole run, those between the policies too. */
  readonly requests: readonly Request[];
  readonly settleMs: number;
  readonly leastRequests: number;
  readonly settings: readonly Figure[];
}

/** The pool is looked at every few seconds: it was settled a little less long than was waited. */
const LOOK_MS = 15_000;

/** What the policies showed: checks, figures and a chart each. */
export function constantLoadFindings(runs: readonly PolicyRun[], context: Context): Findings {
  const { requests, perSecond } = context;
  const failed = failuresOf({ requests });
  return {
    checks: [
      ...runs.flatMap((run) => checksOf(run, context.settleMs - LOOK_MS)),
      {
        what: "no request fails, also not while the pool grows or shrinks",
        measured: `${failed.length} of ${count(requests.length)} failed`,
        ok: failed.length === 0,
      },
      {
        what: `at least ${count(context.leastRequests)} requests`,
        measured: count(requests.length),
        ok: requests.length >= context.leastRequests,
      },
    ],
    figures: [
      ...runs.map((run) => ({ label: nameOf(run), value: sizesOf(policyChanges(run)) })),
      { label: "requests", value: `${count(requests.length)}, ${failed.length} failed` },
      { label: "one worker takes", value: `${(perSecond * 60).toFixed(0)} photos a minute` },
    ],
    settings: context.settings,
    charts: runs.map(chartOf),
    details: runs.map(detailsOf).join("\n\n"),
    data: {
      perSecond,
      runs: runs.map((run) => ({
        ...run,
        requests: undefined,
        recording: { ...run.recording, cpu: undefined, waiting: undefined },
        periods: byPeriod(run),
      })),
    },
  };
}

/** `70/30 × 2 / 0.5` */
function nameOf({ policy }: PolicyRun): string {
  const { growThresholdPercent: grow, shrinkThresholdPercent: shrink, growRatio, shrinkRatio } = policy;
  return `${grow}/${shrink} × ${growRatio} / ${shrinkRatio}`;
}

function checksOf(run: PolicyRun, settledMs: number): readonly Check[] {
  const name = nameOf(run);
  const changes = policyChanges(run);
  const settled = run.loadOffAt - completeAt(run);
  const cpu = settledCpuOf(run);
  const { growThresholdPercent: grow, shrinkThresholdPercent: shrink } = run.policy;
  return [
    {
      what: `${name}: the pool only grows`,
      measured: sizesOf(changes),
      ok: changes.length > 0 && changes.every((change) => change.desiredAfter > change.desiredBefore),
    },
    {
      what: `${name}: then it keeps its size for ${timeSpan(settledMs)} or longer`,
      measured: run.problem ?? `${timeSpan(settled)} without a change`,
      ok: run.problem === null && settled >= settledMs,
    },
    {
      what: `${name}: at that size the mean CPU lies between the thresholds`,
      measured: `${percent(Math.min(...cpu))} to ${percent(Math.max(...cpu))} at ${cpu.length} checks`,
      ok: cpu.length > 0 && cpu.every((value) => value >= shrink && value <= grow),
    },
  ];
}

function chartOf(run: PolicyRun): Chart {
  const last = run.recording.steps.at(-1)?.desired ?? 0;
  const text = `Workers, mean CPU, requests and response times over ${timeSpan(run.endedAt - run.startedAt)} with the policy ${nameOf(run)}: a constant load grows the web pool from 1 to ${last} workers, which it keeps. ${count(run.requests.length)} requests, ${failuresOf(run).length} failed.`;
  const { growThresholdPercent: grow, shrinkThresholdPercent: shrink } = run.policy;
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
    `## ${nameOf(run)}`,
    `Load on from ${at(run.loadOnAt)} to ${at(run.loadOffAt)}; the last worker was in service at ${at(completeAt(run))}.`,
    table(
      ["time", "measured", "decision"],
      run.decisions.map((decision) => [at(decision.at), percent(decision.measured), decision.reason]),
    ),
    failures.length === 0 ? "" : `Failed requests:\n\n${table(["time", "kind", "answer"], failures)}`,
  ]
    .filter((part) => part !== "")
    .join("\n\n");
}
