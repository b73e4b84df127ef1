import { capitalize, formatNumber, formatPercent } from "@elastic-gas/shared/format/numbers";
import { ceil } from "../numbers.ts";
import { explainFinding, explainForecast, idle, sent, sentenceOf, sizeWords } from "./explain-finding.ts";
import type { BlockedBy, Reason, ResizeReason } from "./reason.ts";
import { checks, clock, fine, joined, milliseconds, quantity, span, workers } from "./words.ts";

export interface Reader {
  /** Zone of the clock times. */
  readonly timeZone: string;
}

/** The sentence of a reason, the same on pages, in mails, logs and on the command line. */
export function explain(reason: Reason, reader: Reader): string {
  switch (reason.kind) {
    case "outside-limits":
      return reason.to > reason.from
        ? `${resized(reason)}: below the minimum of ${reason.min}.`
        : `${resized(reason)}: above the maximum of ${reason.max}.`;
    case "paused":
      return `Paused by ${reason.by} since ${clock(reason.at, reader.timeZone)}. Lost workers are still replaced.`;
    case "set-by-hand":
      return `Holding at ${reason.desired}, set manually: the policy takes over in ${span(reason.secondsLeft)}.`;
    case "fixed":
      return `Fixed at ${workers(reason.desired)}. A lost worker is replaced.`;
    case "workers-awaited":
      return `Holding: ${awaitedWords(reason)}${leftWords(reason.secondsLeft)}.`;
    case "data-awaited":
      return `Holding: waiting for ${reason.minutes === 1 ? "a full minute" : `${reason.minutes} full minutes`} of data since the last change${leftWords(reason.secondsLeft)}.`;
    case "share-awaited":
      return `Holding: the newest worker takes its share first, ${span(reason.secondsLeft)} left.`;
    case "held-after-grow":
      return `Holding: ${span(reason.secondsLeft)} left after growing to ${reason.desired}.`;
    case "cooling-down":
      return `Cooling down: ${span(reason.secondsLeft)} left after ${changeWords(reason.change)}.`;
    case "not-checked": {
      if (reason.source === "database") return `Not checked for ${span(reason.seconds)}: the database did not answer.`;
      const source = reason.source === "load balancer" ? "the load balancer" : reason.source;
      return reason.failure === null
        ? `Not checked: ${source} did not answer within ${span(reason.seconds)}.`
        : `Not checked: ${source} failed (${reason.failure}).`;
    }
    case "no-data": {
      const since = reason.since === null ? "" : ` since ${clock(reason.since, reader.timeZone)}`;
      return `No data${since}. Nothing grows or shrinks until it is back.`;
    }
    case "queue-silent":
      return "No data: the queue did not answer. Nothing grows or shrinks until it does.";
    case "data-missing":
      return `Shrink refused: data of the last ${span(reason.withinSeconds)} are missing.`;
    case "at-maximum":
      return `At the maximum of ${reason.max}; the rule wants ${reason.wanted}. ${sentenceOf(reason.finding)}`;
    case "at-minimum":
      return `At the minimum of ${reason.min}. ${sentenceOf(reason.finding)}`;
    case "would-shrink":
      return `Would shrink: ${explainFinding(reason.finding)}, check ${reason.have} of ${reason.need}.`;
    case "points-missing":
      return `Shrink refused: ${explainFinding(reason.finding)}, but ${reason.missing} of ${quantity(reason.of, "point")} ${reason.missing === 1 ? "is" : "are"} missing; counted as full workers the mean is ${formatPercent(reason.ifFullPercent)}.`;
    case "peak-unknown":
      return reason.cause === "missing"
        ? `Shrink refused: data are missing within the last ${span(reason.withinSeconds)}, so the peak is not known.`
        : `Shrink refused: the workers were full within the last ${span(reason.withinSeconds)}, so the load then is not known.`;
    case "no-idle-worker":
      return `Shrink refused: no worker is idle (${reason.busy} of ${reason.of} ${reason.busy === 1 ? "runs" : "run"} a job).`;
    case "cpu-grew":
      return cpuGrew(reason);
    case "cpu-shrank":
      return `${resized(reason)}: ${explainFinding(reason.finding)}, ${inARow(reason.checks)}. ${capitalize(sizeWords(reason.sizes).join(", "))} (limit ${limitWords(reason)}).`;
    case "cpu-too-much":
      return `Shrink refused: ${joined(sizeWords(reason.sizes))}, the limit is ${limitWords(reason)}.`;
    case "cpu-between":
      return `No change: mean CPU ${formatPercent(reason.meanPercent)} lies between ${formatPercent(reason.lowPercent)} and ${formatPercent(reason.highPercent)}.`;
    case "requests-grew":
      return `${resized(reason)}: ${explainFinding(reason.finding)}. Then nothing changes for ${span(reason.holdSeconds)}, maximum ${reason.max}.`;
    case "requests-shrank":
      return `${resized(reason)}: ${explainFinding(reason.finding)}, ${inARow(reason.checks)}. ${quantity(reason.peakPerMinute, "request")} a minute would fall on ${workers(reason.to)} (limit ${formatNumber(reason.limit)}).`;
    case "requests-too-many":
      return `Shrink refused: ${quantity(reason.peakPerMinute, "request")} a minute within the last ${span(reason.withinSeconds)} would fall on ${workers(reason.workers)}, the limit is ${formatNumber(reason.limit)}.`;
    case "requests-slow":
      return `No change: ${quantity(reason.perMinute, "successful request")} a minute (the pool grows above ${formatNumber(reason.limit)}), but the mean response time of ${milliseconds(reason.responseMs)} is not below ${milliseconds(reason.limitMs)}.`;
    case "thresholds-grew":
      return `${resized(reason)}: ${explainFinding(reason.finding)}. ${reason.from} + ${reason.to - reason.from} = ${reason.to}, maximum ${reason.max}.`;
    case "thresholds-shrank":
      return `${resized(reason)}: ${explainFinding(reason.finding)}, ${inARow(reason.checks)}. Only an idle worker goes.`;
    case "thresholds-waits":
      return `No change: ${quantity(reason.perWorker, "waiting job")} per worker. The pool grows above ${formatNumber(reason.limit)}.`;
    case "thresholds-arrivals":
      return `No change: ${sent(reason)}, none waiting. The pool shrinks below ${formatNumber(reason.limit)}.`;
    case "queue-grew":
      return `${resized(reason)}: ${explainFinding(reason.finding)}, maximum ${reason.max}.`;
    case "queue-shrank":
      return `${resized(reason)}: ${explainFinding(reason.finding)}; the last ${span(reason.heldSeconds)} needed at most ${reason.held}, and ${idle(reason.idle)}. Only idle workers go.`;
    case "queue-fits":
      return `No change at ${reason.desired}: ${explainFinding(reason.finding)}; the last ${span(reason.heldSeconds)} needed up to ${reason.held}.`;
    case "adaptive-grew": {
      const now = reason.to === reason.wanted ? "" : ` Now ${reason.to}, maximum ${reason.max}.`;
      const regret =
        reason.regretMarginPercent === null
          ? ""
          : ` The last shrink came too early: the next one leaves ${formatPercent(reason.regretMarginPercent)} margin.`;
      return `${resized(reason)}: ${explainFinding(reason.finding)}.${now}${regret}`;
    }
    case "adaptive-shrank":
      return `${resized(reason)}: highest forecast of ${span(reason.withinSeconds)} ${fine(reason.peak)} fits ${reason.to} at ${formatPercent(reason.serviceLevelPercent)} less ${formatPercent(reason.marginPercent)} margin.`;
    case "adaptive-unchanged": {
      const foreseen =
        reason.finding.kind === "forecast" ? explainForecast(reason.finding) : explainFinding(reason.finding);
      return `No change at ${reason.desired}: ${foreseen}; to shrink, the ${span(reason.withinSeconds)} peak ${fine(reason.peak)} must fall below ${fine(reason.shrinksBelow)}.`;
    }
  }
}

/** What keeps the pool larger than it wants to be, by name; null when nothing does. */
export function explainBlocked({ protected: ids, busy }: BlockedBy): string | null {
  const parts = [
    ...(ids.length > 0 ? [`${joined(ids)} ${ids.length === 1 ? "is" : "are"} protected from shrinking`] : []),
    ...(busy > 0 ? [busy === 1 ? "1 worker finishes its job first" : `${busy} workers finish their jobs first`] : []),
  ];
  return parts.length === 0 ? null : `The pool is still larger: ${parts.join(" and ")}.`;
}

type Of<Kind extends Reason["kind"]> = Extract<Reason, { kind: Kind }>;

function cpuGrew(reason: Of<"cpu-grew">): string {
  const { from, awaited, need, ratio, max, flap, growAbovePercent } = reason;
  const meanwhile = awaited === 0 ? "" : ` while ${awaited} ${awaited === 1 ? "is" : "are"} pending`;
  const product = from * ratio;
  const step =
    need === null
      ? `${from} × ${fine(ratio)} = ${fine(product)}${roundingWords(product, from)}`
      : `${need} would run below ${formatPercent(growAbovePercent)}`;
  const doubled =
    flap === null
      ? ""
      : ` Shrinking now needs ${inARow(flap.checks)}, because a grow followed a shrink within ${span(flap.withinSeconds)}.`;
  return `${resized(reason)}${meanwhile}: ${explainFinding(reason.finding)}. ${step}, maximum ${max}.${doubled}`;
}

function roundingWords(product: number, size: number): string {
  const rounded = Math.max(size + 1, ceil(product));
  if (rounded - product < 1e-9) return "";
  return ceil(product) < rounded ? `, at least ${rounded}` : `, rounded up to ${rounded}`;
}

function resized({ pool, from, to }: ResizeReason): string {
  return `${pool} ${to > from ? "grew" : "shrank"} ${from} → ${to}`;
}

function inARow(count: number): string {
  return count === 1 ? "at this check" : `${checks(count)} in a row`;
}

function awaitedWords({ warming, pending }: Of<"workers-awaited">): string {
  const parts = [
    ...(warming > 0 ? [`${workers(warming)} warming`] : []),
    ...(pending > 0 ? [`${warming > 0 ? pending : workers(pending)} pending`] : []),
  ];
  return parts.join(", ");
}

function leftWords(seconds: number | null): string {
  return seconds === null ? "" : `, about ${span(seconds)} left`;
}

function changeWords(change: Of<"cooling-down">["change"]): string {
  if (change === null) return "the last change";
  return `${change.to > change.from ? "growing" : "shrinking"} ${change.from} → ${change.to}`;
}

function limitWords({
  limitPercent,
  longerLimitPercent,
}: {
  readonly limitPercent: number;
  readonly longerLimitPercent: number | null;
}): string {
  const longer = longerLimitPercent === null ? "" : `, ${formatPercent(longerLimitPercent)} for the older peak`;
  return `${formatPercent(limitPercent)}${longer}`;
}
