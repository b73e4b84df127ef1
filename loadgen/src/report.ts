import { type LoadArguments, POOL_OF } from "./arguments.ts";
import { lineChart } from "./line-chart.ts";
import type { Outcome } from "./outcome.ts";
import type { PoolSize } from "./pool-size.ts";
import type { LoadRun } from "./run-load.ts";
import { quantile, type Summary } from "./summary.ts";
import { milliseconds, NOUNS, REFUSALS, TIMES } from "./terminal.ts";

export interface ReportInput {
  readonly options: LoadArguments;
  readonly load: LoadRun;
  readonly summary: Summary;
  readonly outcomes: readonly Outcome[];
  readonly sizes: readonly PoolSize[];
  readonly madeAt: Date;
}

const BUCKETS = 120;

/** One HTML file without script or anything from elsewhere: figures, load, latency and pool size over one time axis. */
export function htmlReport({ options, load, summary, outcomes, sizes, madeAt }: ReportInput): string {
  const bucketSeconds = Math.max(1, Math.ceil(load.seconds / BUCKETS));
  const buckets = bucketsOf(outcomes, bucketSeconds, load.seconds);
  const axis = { seconds: load.seconds };
  const { kind } = options;
  const [, many] = NOUNS[kind];
  const rate = lineChart({
    ...axis,
    title: `${capital(many)} a second, by the second they were sent in`,
    series: [
      { name: "sent", tone: "muted", points: buckets.map(({ at, sent }) => ({ at, value: sent / bucketSeconds })) },
      {
        name: "succeeded",
        tone: "good",
        points: buckets.map(({ at, succeeded }) => ({ at, value: succeeded / bucketSeconds })),
      },
      {
        name: "refused or failed",
        tone: "bad",
        points: buckets.map(({ at, other }) => ({ at, value: other / bucketSeconds })),
      },
    ],
  });
  const latency = lineChart({
    ...axis,
    title: `${TIMES[kind]}, of those that succeeded, in seconds`,
    series: [
      {
        name: "median",
        tone: "good",
        points: buckets.flatMap(({ at, p50 }) => (p50 === null ? [] : [{ at, value: p50 / 1000 }])),
      },
      {
        name: "95 % within",
        tone: "warn",
        points: buckets.flatMap(({ at, p95 }) => (p95 === null ? [] : [{ at, value: p95 / 1000 }])),
      },
    ],
  });
  const pool =
    sizes.length === 0
      ? "<p>The pool's size was not recorded. Give an API token of the manager with --manager-token to have it here.</p>"
      : lineChart({
          ...axis,
          title: `Workers of the ${POOL_OF[kind]} pool`,
          steps: true,
          series: [
            {
              name: "desired",
              tone: "muted",
              points: sizes.map(({ atMs, desired }) => ({ at: atMs / 1000, value: desired })),
            },
            {
              name: "in service",
              tone: "good",
              points: sizes.map(({ atMs, inService }) => ({ at: atMs / 1000, value: inService })),
            },
          ],
        });
  const rows = summary.outcomes
    .slice(0, 20)
    .map(({ what, count }) => `<tr><td>${count}</td><td>${escapeHtml(what)}</td></tr>`);
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Load test of ${escapeHtml(new URL(options.url).host)}</title>
<style>${STYLE}</style>
<main>
<h1>Load test of ${escapeHtml(options.url)}</h1>
<p>${describeLoad(options)} Made on ${madeAt.toISOString().slice(0, 16).replace("T", " at ")} UTC.</p>
<dl>
${figure("Sent", String(load.sent))}
${figure("Succeeded", String(summary.succeeded))}
${figure(`Refused (${REFUSALS[kind]})`, String(summary.refused))}
${figure("Failed", String(summary.failed))}
${figure("Succeeded a second", summary.perSecond.toFixed(2))}
${figure("Median", summary.latency === null ? "–" : milliseconds(summary.latency.p50))}
${figure("95 % within", summary.latency === null ? "–" : milliseconds(summary.latency.p95))}
${figure("99 % within", summary.latency === null ? "–" : milliseconds(summary.latency.p99))}
</dl>
${rate}
${latency}
${pool}
<h2>Answers</h2>
<table><thead><tr><th>Count</th><th>Answer</th></tr></thead><tbody>
${rows.join("\n")}
</tbody></table>
</main>
</html>
`;
}

interface Bucket {
  readonly at: number;
  readonly sent: number;
  readonly succeeded: number;
  readonly other: number;
  readonly p50: number | null;
  readonly p95: number | null;
}

function bucketsOf(outcomes: readonly Outcome[], bucketSeconds: number, seconds: number): readonly Bucket[] {
  const byBucket = Map.groupBy(outcomes, ({ sentAtMs }) => Math.floor(sentAtMs / 1000 / bucketSeconds));
  return Array.from({ length: Math.max(1, Math.ceil(seconds / bucketSeconds)) }, (_, index) => {
    const sent = byBucket.get(index) ?? [];
    const times = sent
      .filter((outcome) => outcome.succeeded)
      .map(({ ms }) => ms)
      .sort((a, b) => a - b);
    return {
      at: index * bucketSeconds,
      sent: sent.length,
      succeeded: times.length,
      other: sent.length - times.length,
      p50: times.length === 0 ? null : quantile(times, 0.5),
      p95: times.length === 0 ? null : quantile(times, 0.95),
    };
  });
}

function describeLoad({ kind, rate, count, shape, period, trace, folder }: LoadArguments): string {
  const [, many] = NOUNS[kind];
  const what = kind === "photos" ? "pictures" : "VCF files";
  const files = folder === undefined ? `the project's own ${what}` : `the ${what} in ${escapeHtml(folder)}`;
  const load =
    trace !== undefined
      ? `a rate that follows ${escapeHtml(trace)}, at most ${rate} a second`
      : shape === "constant"
        ? `${rate} a second`
        : `the shape "${shape}" with at most ${rate} a second, one turn in ${period}\u00a0s`;
  return `At most ${count} ${many} of ${files}, ${load}.`;
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}

function figure(label: string, value: string): string {
  return `<div><dt>${label}</dt><dd>${value}</dd></div>`;
}

function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

const STYLE = `
:root { color-scheme: light dark; --text: light-dark(#1b1f24, #e6edf3); --soft: light-dark(#59636e, #9aa4af); --line: light-dark(#d9dee3, #353c44);
  --good: light-dark(#0f766e, #2dd4bf); --warn: light-dark(#b45309, #fbbf24); --bad: light-dark(#b91c1c, #f87171); --muted: light-dark(#6b7280, #9ca3af); }
body { margin: 0; font: 15px/1.5 system-ui, sans-serif; color: var(--text); background: light-dark(#fff, #0f1419); }
main { max-width: 60rem; margin: 0 auto; padding: 1.5rem 1rem 3rem; }
h1 { font-size: 1.35rem; overflow-wrap: anywhere; } h2 { font-size: 1.05rem; margin: 1.75rem 0 .25rem; }
p { color: var(--soft); }
dl { display: grid; grid-template-columns: repeat(auto-fit, minmax(8rem, 1fr)); gap: .75rem; margin: 1rem 0; }
dl div { border: 1px solid var(--line); border-radius: .5rem; padding: .5rem .75rem; } dt { color: var(--soft); font-size: .8rem; } dd { margin: 0; font-size: 1.25rem; font-variant-numeric: tabular-nums; }
svg { width: 100%; height: auto; } svg text { fill: var(--soft); font-size: 12px; } .grid { stroke: var(--line); }
.line { fill: none; stroke-width: 2; } .good { stroke: var(--good); } .warn { stroke: var(--warn); } .bad { stroke: var(--bad); } .muted { stroke: var(--muted); stroke-dasharray: 4 3; }
.key { display: flex; flex-wrap: wrap; gap: 0 1rem; color: var(--soft); font-size: .85rem; } .key svg { width: 1.75rem; height: .75rem; }
table { border-collapse: collapse; width: 100%; } td, th { text-align: left; padding: .3rem .6rem; border-top: 1px solid var(--line); vertical-align: top; } td { overflow-wrap: anywhere; } td:first-child { font-variant-numeric: tabular-nums; }
`;
