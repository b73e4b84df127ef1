import type { Outcome } from "@elastic-gas/loadgen/outcome";
import { timeChart } from "./charts/time-chart.ts";
import { type Activity, type Decision, failuresOf, policyChanges, sizesOf } from "./elastic-run.ts";
import { quantile, type Request } from "./load.ts";
import { workersPanel } from "./pool-chart.ts";
import type { Check, Figure, Findings } from "./proof.ts";
import type { Recording } from "./recorder.ts";
import { count, percent, sinceStart, table, timeSpan } from "./words.ts";

/** Uploads at a constant rate. Instants are epoch milliseconds. */
export interface UploadPhase {
  readonly perSecond: number;
  readonly startedAt: number;
  readonly endedAt: number;
  readonly sent: number;
  /** Not even sent, because too many were open. */
  readonly notSent: number;
  /** `sentAtMs` counts from `startedAt`. */
  readonly outcomes: readonly Outcome[];
}

/** The largest pool with every worker busy. */
export interface BusyPhase {
  readonly startedAt: number;
  readonly endedAt: number;
  readonly workers: number;
  /** At its end. */
  readonly inService: number;
  readonly clients: number;
  readonly outcomes: readonly Outcome[];
  /** Light pages, and what was asked of S3 and SQS. */
  readonly requests: readonly Request[];
  /** Mean number of cores that local-cloud used. */
  readonly cloudCpu: number;
}

export interface UploadRun {
  readonly startedAt: number;
  readonly endedAt: number;
  readonly slow: UploadPhase;
  readonly fast: UploadPhase;
  readonly busy: BusyPhase;
  readonly recording: Recording;
  readonly decisions: readonly Decision[];
  readonly activities: readonly Activity[];
}

/** A refusal is an answer at once. */
const REFUSED_MS = 1_000;
/** What waited at a worker when the pool had grown is over by then: an upload that would wait longer is refused. */
const WAITING_MS = 20_000;
const ROW_MS = 30_000;

export function uploadFindings(run: UploadRun, settings: readonly Figure[]): Findings {
  const { slow, fast, busy } = run;
  const text = `Workers, answers and response times of uploads over ${timeSpan(run.endedAt - run.startedAt)}: at ${slow.perSecond} and at ${fast.perSecond} a second, then ${busy.workers} busy workers.`;
  return {
    checks: checksOf(run),
    figures: [
      { label: `at ${slow.perSecond} a second`, value: outcomeWords(slow.outcomes) },
      { label: `at ${fast.perSecond} a second`, value: outcomeWords(fast.outcomes) },
      { label: "workers at that rate", value: sizesOf(changesOf(run)) },
      { label: "until all succeeded", value: timeSpan(settledAt(run) - fast.startedAt) },
      { label: `${busy.workers} busy workers`, value: outcomeWords(busy.outcomes) },
      { label: "local-cloud then used", value: `${busy.cloudCpu.toFixed(2)} of a core` },
    ],
    settings,
    charts: [{ file: "uploads.svg", svg: chartOf(run, text), text }],
    details: detailsOf(run),
    data: {
      ...run,
      slow: { ...slow, outcomes: undefined },
      fast: { ...fast, outcomes: undefined },
      busy: { ...busy, outcomes: undefined, requests: undefined },
      recording: { ...run.recording, cpu: undefined, waiting: undefined },
      rows: [slow, fast].flatMap((phase) => rowsOf(phase, run.startedAt)),
    },
  };
}

function checksOf(run: UploadRun): readonly Check[] {
  const { slow, fast, busy } = run;
  const all = slow.outcomes.filter(({ succeeded }) => succeeded).length;
  const sizes = sizesBetween(run, slow.startedAt, slow.endedAt);
  const changes = changesOf(run);
  const settled = settledAt(run);
  const late = fast.outcomes.filter(({ sentAtMs }) => fast.startedAt + sentAtMs >= settled);
  const lateLost = late.filter(({ succeeded }) => !succeeded);
  const early = fast.outcomes.filter(({ sentAtMs }) => fast.startedAt + sentAtMs < settled);
  const [p50, p99] = [0.5, 0.99].map((share) => timeSpan(quantile(timesOf(late), share) ?? 0));
  const lost = failuresOf(busy);
  return [
    {
      what: `${slow.perSecond} a second, from one worker on: every upload succeeds`,
      measured: `${all} of ${slow.sent} succeeded; workers: ${sizes.join(" → ")}`,
      ok: all === slow.sent && slow.notSent === 0 && sizes[0] === 1,
    },
    {
      what: `${fast.perSecond} a second: the pool grows, and only grows`,
      measured: sizesOf(changes),
      ok: changes.length > 0 && changes.every((change) => change.desiredAfter > change.desiredBefore),
    },
    {
      what: "until it has grown an upload succeeds, or is refused within 1 s with a time to come back",
      measured: `${outcomeWords(early)}; slowest refusal ${timeSpan(slowestRefusal(early))}`,
      ok: fast.notSent === 0 && early.every(isAnswered),
    },
    {
      what: "then every upload succeeds",
      measured: `${late.length - lateLost.length} of ${late.length} in ${timeSpan(fast.endedAt - settled)}, p50 ${p50}, p99 ${p99}`,
      ok: late.length > 0 && lateLost.length === 0,
    },
    {
      what: `${busy.workers} busy workers: an upload succeeds, or is refused within 1 s with a time to come back`,
      measured: `${outcomeWords(busy.outcomes)}; slowest refusal ${timeSpan(slowestRefusal(busy.outcomes))}`,
      ok: busy.outcomes.some(({ succeeded }) => succeeded) && busy.outcomes.every(isAnswered),
    },
    {
      what: "all of them stay in service",
      measured: `${busy.inService} of ${busy.workers}`,
      ok: busy.inService === busy.workers,
    },
    {
      what: "pages, S3 and SQS answer meanwhile",
      measured: `${lost.length} of ${count(busy.requests.length)} failed`,
      ok: busy.requests.length > 0 && lost.length === 0,
    },
  ];
}

/** Taken, or refused in time. */
function isAnswered({ succeeded, refused, ms }: Outcome): boolean {
  return succeeded || (refused && ms <= REFUSED_MS);
}

function changesOf(run: UploadRun): readonly Activity[] {
  const { startedAt, endedAt } = run.fast;
  return policyChanges(run).filter(({ at }) => at >= startedAt && at < endedAt);
}

function sizesBetween({ recording }: UploadRun, from: number, to: number): readonly number[] {
  const before = recording.steps.findLast(({ at }) => at < from);
  const during = recording.steps.filter(({ at }) => at >= from && at < to);
  return [...new Set([...(before === undefined ? [] : [before]), ...during].map(({ desired }) => desired))];
}

/** When the last worker that the policy asked for was in service and the photos that waited until then were over. */
function settledAt({ recording, fast }: UploadRun): number {
  const last = recording.steps.findLast(({ at }) => at >= fast.startedAt && at < fast.endedAt);
  return Math.min((last?.at ?? fast.startedAt) + WAITING_MS, fast.endedAt);
}

function outcomeWords(outcomes: readonly Outcome[]): string {
  const succeeded = outcomes.filter((outcome) => outcome.succeeded).length;
  const refused = outcomes.filter((outcome) => outcome.refused).length;
  return `${count(succeeded)} succeeded, ${count(refused)} refused, ${count(outcomes.length - succeeded - refused)} failed`;
}

function slowestRefusal(outcomes: readonly Outcome[]): number {
  return outcomes.reduce((slowest, { refused, ms }) => (refused ? Math.max(slowest, ms) : slowest), 0);
}

function timesOf(outcomes: readonly Outcome[]): readonly number[] {
  return outcomes.filter(({ succeeded }) => succeeded).map(({ ms }) => ms);
}

interface Row {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly time: string;
  /** ROW_MS, or what was left of the phase. */
  readonly seconds: number;
  readonly sent: number;
  readonly succeeded: number;
  readonly refused: number;
  readonly failed: number;
  /** Milliseconds. */
  readonly p50: number | null;
  readonly p99: number | null;
}

function rowsOf(
  { startedAt, endedAt, outcomes }: Pick<UploadPhase, "startedAt" | "endedAt" | "outcomes">,
  zero: number,
): readonly Row[] {
  // The last answers come after the last upload was sent: no row for that time, in which nothing was asked.
  const lastSentAtMs = outcomes.reduce((last, { sentAtMs }) => Math.max(last, sentAtMs), 0);
  const starts = Array.from({ length: Math.floor(lastSentAtMs / ROW_MS) + 1 }, (_, index) => index * ROW_MS);
  return starts.map((from) => {
    const within = outcomes.filter(({ sentAtMs }) => sentAtMs >= from && sentAtMs < from + ROW_MS);
    const succeeded = within.filter((outcome) => outcome.succeeded).length;
    const refused = within.filter((outcome) => outcome.refused).length;
    return {
      at: startedAt + from,
      time: sinceStart(startedAt + from, zero),
      seconds: Math.min(ROW_MS, endedAt - startedAt - from) / 1_000,
      ...{ sent: within.length, succeeded, refused, failed: within.length - succeeded - refused },
      p50: quantile(timesOf(within), 0.5),
      p99: quantile(timesOf(within), 0.99),
    };
  });
}

function chartOf(run: UploadRun, text: string): string {
  const { slow, fast, busy } = run;
  const rows = [slow, fast, busy].flatMap((phase) => rowsOf(phase, run.startedAt));
  const points = (pick: (row: Row) => number | null) =>
    rows.map((row) => ({ at: row.at + (row.seconds * 1_000) / 2, value: pick(row) }));
  const perSecond = (pick: (row: Row) => number) => points((row) => pick(row) / row.seconds);
  return timeChart({
    title: "Uploads as the course's load generator sends them",
    subtitle: `At ${fast.perSecond} a second: ${outcomeWords(fast.outcomes)}. G grow.`,
    text,
    from: run.startedAt,
    to: run.endedAt,
    events: changesOf(run).map(({ at, desiredBefore, desiredAfter }) => ({
      at,
      mark: "G",
      text: `${desiredBefore} → ${desiredAfter}`,
    })),
    phases: [
      { from: slow.startedAt, to: slow.endedAt, text: `${slow.perSecond} a second` },
      { from: fast.startedAt, to: fast.endedAt, text: `${fast.perSecond} a second` },
      { from: busy.startedAt, to: busy.endedAt, text: "all busy" },
    ],
    panels: [
      workersPanel(run.recording.steps),
      {
        title: "Uploads",
        unit: "a second",
        height: 100,
        lines: [
          { name: "succeeded", colour: "requests", points: perSecond(({ succeeded }) => succeeded) },
          { name: "refused", colour: "requests", dashed: true, points: perSecond(({ refused }) => refused) },
        ],
      },
      {
        title: "Time to the answer",
        unit: "s",
        height: 100,
        lines: [
          { name: "p50", colour: "latency", points: points(({ p50 }) => (p50 === null ? null : p50 / 1_000)) },
          {
            name: "p99",
            colour: "latency",
            dashed: true,
            points: points(({ p99 }) => (p99 === null ? null : p99 / 1_000)),
          },
        ],
      },
    ],
  });
}

function detailsOf(run: UploadRun): string {
  const { slow, fast, busy } = run;
  const ms = (value: number | null) => (value === null ? "" : count(value));
  const rows = [slow, fast]
    .flatMap((phase) => rowsOf(phase, run.startedAt))
    .map((row) => [row.time, row.sent, row.succeeded, row.refused, row.failed, ms(row.p50), ms(row.p99)]);
  const kinds = [...Map.groupBy(busy.requests, ({ kind }) => kind)].map(([kind, requests]) => {
    const times = requests.map((request) => request.ms);
    return [
      kind,
      requests.length,
      failuresOf({ requests }).length,
      ...[0.5, 0.99, 1].map((share) => ms(quantile(times, share))),
    ];
  });
  const lost = [...slow.outcomes, ...fast.outcomes, ...busy.outcomes].filter((outcome) => !isAnswered(outcome));
  const failures = [
    ...lost.map(({ status, ms: time, text }) => ["upload", `${status ?? "no answer"} after ${timeSpan(time)}`, text]),
    ...failuresOf(busy).map(({ kind, ms: time, outcome }) => [kind, `after ${timeSpan(time)}`, outcome]),
  ];
  return [
    `Times are minutes and seconds since the first upload. All workers of the last part had more than they can take for ${timeSpan(busy.endedAt - busy.startedAt)}: ${busy.clients} clients sent one photo after the other.`,
    `## By ${ROW_MS / 1_000} s`,
    "Response times in milliseconds of uploads that succeeded and were sent in that time.",
    table(["time", "sent", "succeeded", "refused", "failed", "p50", "p99"], rows, { numbers: true }),
    `## Beside ${busy.workers} busy workers`,
    "S3 is one object of 16 KiB written and read; milliseconds.",
    table(["what", "requests", "failed", "p50", "p99", "longest"], kinds, { numbers: true }),
    failures.length === 0 ? "" : `## Failed\n\n${table(["what", "when", "answer"], failures)}`,
    "## Every decision",
    table(
      ["time", "measured", "decision"],
      run.decisions
        .filter(({ at }) => at >= run.startedAt)
        .map(({ at, measured, reason }) => [sinceStart(at, run.startedAt), percent(measured), reason]),
    ),
  ]
    .filter((part) => part !== "")
    .join("\n\n");
}
