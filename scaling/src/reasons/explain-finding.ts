import { capitalize, formatNumber, formatPercent } from "@elastic-gas/shared/format/numbers";
import type { Finding, SizeForecast } from "./reason.ts";
import { fine, milliseconds, quantity, span, workers, worth } from "./words.ts";

/** What was found, as a clause without its capitalize and full stop. */
export function explainFinding(finding: Finding): string {
  switch (finding.kind) {
    case "cpu-above":
      return `mean CPU ${formatPercent(finding.meanPercent)} is above ${formatPercent(finding.limitPercent)}`;
    case "cpu-below":
      return `mean CPU ${formatPercent(finding.meanPercent)} is below ${formatPercent(finding.limitPercent)}`;
    case "first-minute-full":
      return `mean CPU ${formatPercent(finding.meanPercent)} in the first full minute after the change`;
    case "load-above":
      return `load ${worth(finding.load)} exceeds ${formatPercent(finding.limitPercent)} of ${finding.workers}`;
    case "reported-load-above":
      return `the workers that report carry ${worth(finding.load)}, more than ${formatPercent(finding.limitPercent)} of ${finding.workers}`;
    case "requests-above":
      return `${quantity(finding.perMinute, "successful request")} a minute ${isOne(finding.perMinute) ? "is" : "are"} more than ${formatNumber(finding.limit)}`;
    case "fast-answers":
      return finding.responseMs === null
        ? "there were no requests"
        : `the mean response time of ${milliseconds(finding.responseMs)} is below ${milliseconds(finding.limitMs)}`;
    case "many-sent":
      return `${sent(finding)}, more than ${formatNumber(finding.limit)}, and ${formatNumber(finding.waiting)} ${isOne(finding.waiting) ? "waits" : "wait"}`;
    case "few-sent":
      return `${sent(finding)}, fewer than ${formatNumber(finding.limit)}, nothing waits and ${idle(finding.idle)}`;
    case "backlog-above":
      return `${quantity(finding.perWorker, "waiting job")} per worker ${isOne(finding.perWorker) ? "is" : "are"} more than ${formatNumber(finding.limit)}`;
    case "work":
      return workWords(finding);
    case "forecast":
      return `${roomWords(finding)}; ${fine(finding.forecast)} needs ${finding.needs} at ${formatPercent(finding.serviceLevelPercent)}`;
  }
}

/** The forecast in short: `forecast 2.31 (load 1.9 + 0.41)`. */
export function explainForecast({ forecast, level, risingHead }: Extract<Finding, { kind: "forecast" }>): string {
  return `forecast ${fine(forecast)} (load ${fine(level)} + ${fine(risingHead)})`;
}

export function sent({
  sent: count,
  withinSeconds,
}: {
  readonly sent: number;
  readonly withinSeconds: number;
}): string {
  return `${quantity(count, "message")} ${isOne(count) ? "was" : "were"} sent in ${span(withinSeconds)}`;
}

export function idle(count: number): string {
  return `${workers(count)} ${count === 1 ? "is" : "are"} idle`;
}

/** `3 workers would run at 98 %, 4 at 73.5 % at the peak of the last 12 min`, part by part. */
export function sizeWords(sizes: readonly SizeForecast[]): readonly string[] {
  return sizes.map(({ workers: size, percent: share, withinSeconds }, index) => {
    const who = index === 0 ? `${workers(size)} would run` : String(size);
    return `${who} at ${formatPercent(share)}${withinSeconds === null ? "" : ` at the peak of the last ${span(withinSeconds)}`}`;
  });
}

export function sentenceOf(finding: Finding): string {
  return `${capitalize(explainFinding(finding))}.`;
}

function workWords(finding: Extract<Finding, { kind: "work" }>): string {
  const { perMinute, waiting, serviceSeconds, learned, waitSeconds, needs } = finding;
  if (perMinute === 0 && waiting === 0) return "no jobs arrive and none wait";
  const jobs = `${quantity(perMinute, "job")} a minute of ${span(serviceSeconds)} each${learned ? "" : " (assumed)"}`;
  const backlog =
    waiting === 0
      ? "and none waiting"
      : `and ${formatNumber(waiting)} waiting, to be begun within ${span(waitSeconds)},`;
  return `${jobs} ${backlog} need ${workers(needs)}`;
}

function roomWords(finding: Extract<Finding, { kind: "forecast" }>): string {
  const { level, rise, head, risingHead, aheadSeconds, learnedSeconds, learnsForSeconds, riskPercent } = finding;
  const load = `load ${fine(level)}`;
  const ahead = span(aheadSeconds);
  if (finding.bySeason === true) {
    return `load ${fine(level)}, ${fine(finding.forecast)} in ${ahead} by the same minutes of the last hours`;
  }
  if (finding.byClock === true)
    return `${load} plus ${fine(risingHead)} of room for what came at the same minute of earlier half hours`;
  if (risingHead > head && rise > 0)
    return `${load} rises by ${fine(rise)} and may rise by ${fine(risingHead)} in ${ahead}`;
  if (learnedSeconds < learnsForSeconds) {
    return `${load} plus ${fine(risingHead)} of room while the rule learns (${span(learnedSeconds)} of ${span(learnsForSeconds)})`;
  }
  const share = `${formatPercent(100 - riskPercent)} of the last ${span(learnedSeconds)} rose less than`;
  if (risingHead === head) return `${load}, ${share} ${fine(head)} in ${ahead}`;
  return `${load}; after changes like its last, ${share} ${fine(risingHead)} in ${ahead}`;
}

function isOne(value: number): boolean {
  return formatNumber(value) === "1";
}
