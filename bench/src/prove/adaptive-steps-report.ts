import { type ChartEvent, timeChart } from "./charts/time-chart.ts";
import { type Activity, byPeriod, failuresOf, keptOf, type SeenPool } from "./elastic-run.ts";
import { quantile } from "./load.ts";
import { requestPanels, workersPanel } from "./pool-chart.ts";
import type { Chart, Check, Figure, Findings } from "./proof.ts";
import { count, medianAndP95, seconds, sinceStart, table, timeSpan } from "./words.ts";

const MOST_TO_DECISION_MS = 30_000;
const MOST_TO_SERVICE_MS = 60_000;
const JUDGED_SHARE = 0.95;

/** One step of load on a pool of one worker. Instants are epoch milliseconds. */
export interface Step {
  readonly number: number;
  readonly stepAt: number;
  /** The first decision to grow; null when there was none. */
  readonly decidedAt: number | null;
  readonly reason: string;
  /** What that decision wanted, or what the load needs where that is more. */
  readonly wanted: number;
  /** The last of the wanted workers; null when they did not come. */
  readonly inServiceAt: number | null;
  readonly loadOffAt: number;
  /** In workers' worth, as the rule measured it last; null when it did not. */
  readonly loadBefore: number | null;
}

/** `load`, `forecast` and `wanted` are null where the rule did not look: paused, or held after a change by hand. */
export interface AdaptiveDecision {
  readonly at: number;
  readonly kind: "grow" | "shrink" | "hold";
  readonly desiredBefore: number;
  readonly desiredAfter: number;
  readonly reason: string;
  readonly load: number | null;
  readonly forecast: number | null;
  readonly wanted: number | null;
}

export interface AdaptiveRun extends SeenPool {
  readonly steps: readonly Step[];
  readonly decisions: readonly AdaptiveDecision[];
  readonly activities: readonly Activity[];
}

interface Context {
  /** Photos a second that one worker takes. */
  readonly perSecond: number;
  /** Height of a step, in what one worker can take. */
  readonly stepWorkers: number;
  /** Workers that carry a step. */
  readonly need: number;
  readonly rounds: number;
  readonly settings: readonly Figure[];
}

export function adaptiveFindings(run: AdaptiveRun, context: Context): Findings {
  const { steps, requests } = run;
  const [toDecision, toService] = [decisionTimes(steps), serviceTimes(steps)];
  const failed = failuresOf(run).length;
  return {
    checks: checksOf(run, context),
    figures: [
      { label: "step to decision, median / p95", value: medianAndP95(toDecision) },
      { label: "step to all workers in service, median / p95", value: medianAndP95(toService) },
      { label: "steps", value: `${steps.length}, each ${context.stepWorkers} workers' worth` },
      { label: "requests", value: `${count(requests.length)}, ${failed} failed` },
      { label: "one worker takes", value: `${(context.perSecond * 60).toFixed(0)} photos a minute` },
    ],
    settings: context.settings,
    charts: [chartOf(run, context)],
    details: detailsOf(run),
    data: keptOf(run),
  };
}

function decisionTimes(steps: readonly Step[]): readonly number[] {
  return steps.flatMap(({ stepAt, decidedAt }) => (decidedAt === null ? [] : [decidedAt - stepAt]));
}

function serviceTimes(steps: readonly Step[]): readonly number[] {
  return steps.flatMap(({ stepAt, inServiceAt }) => (inServiceAt === null ? [] : [inServiceAt - stepAt]));
}

function checksOf(run: AdaptiveRun, { need, rounds }: Context): readonly Check[] {
  const { steps } = run;
  const failed = failuresOf(run).length;
  const answered = steps.filter(({ decidedAt, inServiceAt }) => decidedAt !== null && inServiceAt !== null);
  const atMost = (values: readonly number[], most: number) => {
    const judged = quantile(values, JUDGED_SHARE);
    return { measured: medianAndP95(values), ok: judged !== null && judged <= most };
  };
  return [
    {
      what: `each of ${rounds} steps is answered with ${need} workers or more`,
      measured: `${answered.length} of ${steps.length}, with ${steps.map(({ wanted }) => wanted).join(", ")}`,
      ok: steps.length === rounds && answered.length === rounds && answered.every(({ wanted }) => wanted >= need),
    },
    {
      what: `from the step to the decision to grow at most ${timeSpan(MOST_TO_DECISION_MS)} (p95)`,
      ...atMost(decisionTimes(steps), MOST_TO_DECISION_MS),
    },
    {
      what: `from the step to all wanted workers in service at most ${timeSpan(MOST_TO_SERVICE_MS)} (p95)`,
      ...atMost(serviceTimes(steps), MOST_TO_SERVICE_MS),
    },
    { what: "no request fails", measured: `${failed} of ${count(run.requests.length)} failed`, ok: failed === 0 },
  ];
}

function chartOf(run: AdaptiveRun, { stepWorkers }: Context): Chart {
  const { steps, decisions, activities, startedAt, endedAt, requests } = run;
  const failed = failuresOf(run).length;
  const grown = decisions.filter(({ kind }) => kind === "grow");
  const byHand = activities.filter(({ cause }) => cause === "manual");
  const text = `Workers, load, requests and response times over ${timeSpan(endedAt - startedAt)}: ${steps.length} times a step of load grows the web pool from 1 worker, and a change by hand takes it back. ${count(requests.length)} requests, ${failed} failed.`;
  const eventOf = (mark: ChartEvent["mark"]) => (change: Pick<Activity, "at" | "desiredBefore" | "desiredAfter">) => ({
    at: change.at,
    mark,
    text: `${change.desiredBefore} → ${change.desiredAfter}`,
  });
  return {
    file: "adaptive-steps.svg",
    svg: timeChart({
      title: "Web pool under steps of load, by the adaptive rule",
      subtitle: `${count(requests.length)} requests, ${failed} failed. G grow, M back by hand.`,
      text,
      from: startedAt,
      to: endedAt,
      events: [...grown.map(eventOf("G")), ...byHand.map(eventOf("M"))],
      phases: steps.map(({ number, stepAt, loadOffAt }) => ({ from: stepAt, to: loadOffAt, text: String(number) })),
      panels: [
        workersPanel(run.recording.steps),
        {
          title: "Load in workers' worth",
          height: 100,
          lines: [
            { name: "photos that are sent", colour: "line", stepped: true, points: sentOf(run, stepWorkers) },
            {
              name: "foreseen by the rule",
              colour: "cpu",
              dashed: true,
              points: decisions.map(({ at, forecast }) => ({ at, value: forecast })),
            },
          ],
        },
        ...requestPanels(run, byPeriod(run)),
      ],
    }),
    text,
  };
}

function sentOf({ steps, startedAt }: AdaptiveRun, stepWorkers: number) {
  return [
    { at: startedAt, value: 0 },
    ...steps.flatMap(({ stepAt, loadOffAt }) => [
      { at: stepAt, value: stepWorkers },
      { at: loadOffAt, value: 0 },
    ]),
  ];
}

function detailsOf(run: AdaptiveRun): string {
  const at = (instant: number) => sinceStart(instant, run.startedAt);
  const after = (instant: number | null, from: number) => (instant === null ? "never" : seconds(instant - from));
  const rows = run.steps.map((step) => {
    const during = run.requests.filter(({ sentAt }) => sentAt >= step.stepAt && sentAt < step.loadOffAt);
    return [
      step.number,
      at(step.stepAt),
      step.loadBefore === null ? "" : step.loadBefore.toFixed(2),
      after(step.decidedAt, step.stepAt),
      step.wanted,
      after(step.inServiceAt, step.stepAt),
      during.length,
      during.filter(({ outcome }) => outcome !== "ok").length,
    ];
  });
  const failures = failuresOf(run).map(({ sentAt, kind, outcome }) => [at(sentAt), kind, outcome]);
  return [
    "## Rounds",
    table(
      ["step", "began at", "load before", "decision after", "workers", "all in service after", "requests", "failed"],
      rows,
      { numbers: true },
    ),
    "The p95 of ten is the largest. The load before is what the rule measured last, in workers' worth. The steps begin at phases spread evenly over the time between two checks. As soon as all wanted workers are in service the load ends, the rule is paused, and a change by hand takes the pool back to one worker: the rule's own shrink waits for minutes, and nothing of it is measured here. The rule is resumed when the two whole minutes that it looks at are quiet again, and the next step begins after a check in which the rule itself wanted one worker. What it has learned stays.",
    failures.length === 0 ? "" : `## Failed requests\n\n${table(["time", "kind", "answer"], failures)}`,
    "## The decisions",
    table(
      ["step", "decision"],
      run.steps.map(({ number, reason }) => [number, reason]),
    ),
  ]
    .filter((part) => part !== "")
    .join("\n\n");
}
