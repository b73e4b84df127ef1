import type { Outcome } from "./outcome.ts";

export interface OutcomeCount {
  /** What the client saw, without what differs from picture to picture. */
  readonly what: string;
  readonly count: number;
}

export interface Summary {
  readonly answered: number;
  readonly succeeded: number;
  /** Refusals that say when to come back. */
  readonly refused: number;
  readonly failed: number;
  readonly perSecond: number;
  /** Milliseconds until the answer of those that succeeded; null without any. */
  readonly latency: { readonly p50: number; readonly p95: number; readonly p99: number; readonly max: number } | null;
  /** Most frequent first. */
  readonly outcomes: readonly OutcomeCount[];
}

export function summarize(outcomes: readonly Outcome[], seconds: number): Summary {
  const succeeded = outcomes.filter((outcome) => outcome.succeeded);
  const refused = outcomes.filter((outcome) => outcome.refused).length;
  const times = succeeded.map(({ ms }) => ms).sort((a, b) => a - b);
  const counts = Map.groupBy(outcomes, describeOutcome);
  return {
    answered: outcomes.length,
    succeeded: succeeded.length,
    refused,
    failed: outcomes.length - succeeded.length - refused,
    perSecond: seconds > 0 ? succeeded.length / seconds : 0,
    latency:
      times.length === 0
        ? null
        : { p50: quantile(times, 0.5), p95: quantile(times, 0.95), p99: quantile(times, 0.99), max: times.at(-1) ?? 0 },
    outcomes: [...counts]
      .map(([what, group]) => ({ what, count: group.length }))
      .sort((a, b) => b.count - a.count || a.what.localeCompare(b.what)),
  };
}

/** The smallest value that at least `share` of the sorted values do not exceed; 0 without values. */
export function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
}

function describeOutcome({ status, text }: Outcome): string {
  if (status === null) return text;
  return `${status} ${text.replaceAll(/\s+/g, " ").trim().slice(0, 120)}`;
}
