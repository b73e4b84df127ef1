import { type LoadKind, POOL_OF } from "./arguments.ts";
import type { Outcome } from "./outcome.ts";
import type { PoolSize } from "./pool-size.ts";
import type { LoadRun } from "./run-load.ts";
import { quantile, type Summary } from "./summary.ts";

const NBSP = "\u00a0";
/** The live line tells of this many latest answers. */
const LATEST = 50;

export const NOUNS: Readonly<Record<LoadKind, readonly [one: string, many: string]>> = {
  photos: ["upload", "uploads"],
  jobs: ["job", "jobs"],
};
export const REFUSALS: Readonly<Record<LoadKind, string>> = {
  photos: "503 with Retry-After",
  jobs: "429 or 503 with Retry-After",
};
export const TIMES: Readonly<Record<LoadKind, string>> = {
  photos: "Time to the answer",
  jobs: "Time from the submission to the end of the job",
};

/**
 * `120 of 300 answered, 118 succeeded, 2 refused, 0 failed; median of the last 50: 310 ms; web pool: 2 in service, 3
 * desired`.
 */
export function liveLine(run: {
  readonly outcomes: readonly Outcome[];
  readonly size: PoolSize | undefined;
  readonly seconds: number;
  readonly count: number;
  readonly kind: LoadKind;
}): string {
  const succeeded = run.outcomes.filter((outcome) => outcome.succeeded).length;
  const refused = run.outcomes.filter((outcome) => outcome.refused).length;
  const failed = run.outcomes.length - succeeded - refused;
  const latest = run.outcomes
    .slice(-LATEST)
    .map(({ ms }) => ms)
    .sort((a, b) => a - b);
  const median =
    latest.length === 0 ? "" : `; median of the last ${latest.length}: ${milliseconds(quantile(latest, 0.5))}`;
  const pool =
    run.size === undefined
      ? ""
      : `; ${POOL_OF[run.kind]} pool: ${run.size.inService} in service, ${run.size.desired} desired`;
  const at = `${Math.round(run.seconds)}${NBSP}s`.padStart(6);
  return `${at}  ${run.outcomes.length} of ${run.count} answered, ${succeeded} succeeded, ${refused} refused, ${failed} failed${median}${pool}`;
}

export function formatSummary(summary: Summary, load: LoadRun, kind: LoadKind): string {
  const { latency } = summary;
  const [one, many] = NOUNS[kind];
  const lines = [
    `${load.sent} ${many} sent in ${load.seconds.toFixed(1)}${NBSP}s: ${summary.succeeded} succeeded, ${summary.refused} refused (${REFUSALS[kind]}), ${summary.failed} failed.`,
    latency === null
      ? `No ${one} succeeded.`
      : `${TIMES[kind]}: median ${milliseconds(latency.p50)}, 95 % within ${milliseconds(latency.p95)}, 99 % within ${milliseconds(latency.p99)}, longest ${milliseconds(latency.max)}.`,
    `${summary.perSecond.toFixed(2)} succeeded a second.`,
    ...(load.notSent === 0
      ? []
      : [
          `${load.notSent} ${many} were not sent, because too many earlier ones were still open: the service is far behind this rate.`,
        ]),
    "",
    ...summary.outcomes.slice(0, 10).map(({ count, what }) => `${String(count).padStart(7)}  ${what}`),
  ];
  return `${lines.join("\n")}\n`;
}

export function milliseconds(ms: number): string {
  return ms < 1_000 ? `${Math.round(ms)}${NBSP}ms` : `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)}${NBSP}s`;
}
