import { type ChartEvent, timeChart } from "./charts/time-chart.ts";
import { quantile } from "./load.ts";
import { workersPanel } from "./pool-chart.ts";
import type { Check, Figure, Findings } from "./proof.ts";
import { jobCounts, type QueueRun } from "./queue-run.ts";
import { sinceStart, table, timeSpan } from "./words.ts";

/** What a burst of jobs showed: checks, figures, chart and actions. */
export function queueFindings(run: QueueRun, settings: readonly Figure[]): Findings {
  const text = chartText(run);
  return {
    checks: checksOf(run),
    figures: figuresOf(run),
    settings,
    charts: [{ file: "queue-pool.svg", svg: chartOf(run, text), text }],
    details: [
      `A job was measured first: ${run.secondsOfOne.toFixed(1)} s on an idle worker. Times are minutes and seconds since the start of the measurement; the burst began at ${sinceStart(run.burstAt, run.startedAt)}.`,
      "## Actions",
      table(
        ["time", "workers", "why, as the dashboard says it", "outcome"],
        run.activities.map(({ at, desiredBefore, desiredAfter, reason, result }) => [
          sinceStart(Date.parse(at), run.startedAt),
          `${desiredBefore} → ${desiredAfter}`,
          reason,
          result ?? "",
        ]),
      ),
    ].join("\n\n"),
    data: { ...run, recording: { ...run.recording, cpu: undefined, waiting: undefined } },
  };
}

function checksOf(run: QueueRun): readonly Check[] {
  const { jobs } = run;
  const changes = policyChanges(run);
  const grows = changes.filter(({ desiredAfter, desiredBefore }) => desiredAfter > desiredBefore);
  const shrinks = changes.filter(({ desiredAfter, desiredBefore }) => desiredAfter < desiredBefore);
  const completed = jobs.filter(({ status }) => status === "COMPLETED").length;
  const mailedOnce = jobs.filter(({ mails }) => mails === 1).length;
  const claimedOnce = jobs.filter(({ attempt }) => attempt === 1).length;
  const whole = jobs.filter(({ hasAllRecords }) => hasAllRecords).length;
  const last = run.recording.steps.at(-1);
  const isByQueue = ({ reason }: QueueRun["activities"][number]) =>
    /waiting jobs per worker are more|messages were sent/.test(reason);
  const isIdleOnly = ({ reason }: QueueRun["activities"][number]) => /idle/.test(reason);
  const all = `of ${jobs.length}`;
  return [
    {
      what: "the pool grows by the queue rule, one worker at a time",
      measured: sizes(grows),
      ok: grows.length > 0 && grows.every((grow) => grow.desiredAfter === grow.desiredBefore + 1 && isByQueue(grow)),
    },
    { what: "every job is completed", measured: `${completed} ${all}`, ok: completed === jobs.length },
    {
      what: "each is run once: no worker lost one or was sent away with it",
      measured: `${claimedOnce} ${all} claimed once`,
      ok: claimedOnce === jobs.length,
    },
    { what: "each owner gets one mail for each job", measured: `${mailedOnce} ${all}`, ok: mailedOnce === jobs.length },
    {
      what: "each result can be downloaded and has all records of its file",
      measured: `${whole} ${all}`,
      ok: whole === jobs.length,
    },
    {
      what: "nothing is lost or left over",
      measured: `${run.deadLetters} dead letters, ${run.unsent} unsent messages`,
      ok: run.deadLetters === 0 && run.unsent === 0,
    },
    {
      what: "the pool comes back to its minimum; only idle workers leave",
      measured: `${sizes(shrinks)}; in service at the end: ${last?.inService ?? 0}`,
      ok:
        shrinks.length > 0 &&
        shrinks.every((shrink) => shrink.desiredAfter === shrink.desiredBefore - 1 && isIdleOnly(shrink)) &&
        last?.desired === run.min &&
        last.inService === run.min,
    },
  ];
}

function figuresOf(run: QueueRun): readonly Figure[] {
  const { jobs, burstAt, endedAt } = run;
  const waits = jobs.flatMap(({ submittedAt, startedAt }) => (startedAt === null ? [] : [startedAt - submittedAt]));
  const lastDone = Math.max(...jobs.map(({ completedAt }) => completedAt ?? endedAt));
  const at = (share: number) => timeSpan(quantile(waits, share) ?? 0);
  return [
    { label: "workers", value: sizes(policyChanges(run)) },
    { label: "jobs", value: `${jobs.length}, all done ${timeSpan(lastDone - burstAt)} after the burst began` },
    { label: "wait for a worker, p50 / p99", value: `${at(0.5)} / ${at(0.99)}` },
    { label: "mails", value: String(jobs.reduce((sum, { mails }) => sum + mails, 0)) },
    { label: "a job on an idle worker", value: timeSpan(run.secondsOfOne * 1_000) },
    { label: "last job done until the minimum was there again", value: timeSpan(endedAt - lastDone) },
    { label: "whole run", value: timeSpan(endedAt - run.startedAt) },
  ];
}

function chartOf(run: QueueRun, text: string): string {
  const counts = jobCounts(run.jobs);
  const events = policyChanges(run).map(
    ({ at, desiredBefore, desiredAfter }): ChartEvent => ({
      at: Date.parse(at),
      mark: desiredAfter > desiredBefore ? "G" : "S",
      text: `${desiredBefore} → ${desiredAfter}`,
    }),
  );
  const start = { at: run.startedAt, value: 0 };
  return timeChart({
    title: "Annotator pool under a burst of jobs",
    subtitle: `${run.jobs.length} VCF files at once. Queue rule with its default numbers. G grow, S shrink.`,
    text,
    from: run.startedAt,
    to: run.endedAt,
    events,
    phases: [{ from: run.burstAt, to: run.sentAt, text: "burst" }],
    panels: [
      workersPanel(run.recording.steps),
      {
        title: "Jobs that wait",
        height: 120,
        lines: [
          {
            name: "waiting",
            colour: "queue",
            stepped: true,
            points: [start, ...counts.map(({ at, waiting }) => ({ at, value: waiting }))],
          },
        ],
      },
      {
        title: "Jobs that are done",
        height: 120,
        lines: [
          {
            name: "done",
            colour: "queue",
            stepped: true,
            points: [start, ...counts.map(({ at, done }) => ({ at, value: done }))],
          },
        ],
      },
    ],
  });
}

function chartText(run: QueueRun): string {
  return `Workers, waiting and finished jobs over ${timeSpan(run.endedAt - run.startedAt)}: ${run.jobs.length} jobs at once; workers ${sizes(policyChanges(run))}.`;
}

function policyChanges({ activities }: QueueRun): QueueRun["activities"] {
  return activities.filter(({ cause }) => cause === "policy");
}

function sizes(changes: QueueRun["activities"]): string {
  const [first] = changes;
  if (first === undefined) return "no change";
  return [first.desiredBefore, ...changes.map(({ desiredAfter }) => desiredAfter)].join(" → ");
}
