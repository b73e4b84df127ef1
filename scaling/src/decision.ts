import { z } from "zod";
import { Instant, type Observation } from "./observation.ts";
import type { State } from "./policy-state.ts";
import { explain, explainBlocked, type Reader } from "./reasons/explain.ts";
import { BlockedBy, Reason, type ReasonKind, type ResizeReason } from "./reasons/reason.ts";

export const OUTCOMES = [
  "grew",
  "shrank",
  "no change",
  "holding",
  "cooling down",
  "would shrink",
  "shrink refused",
  "at the limit",
  "no data",
  "not checked",
  "paused",
  "manual",
] as const;
/** How a check ended; the pages choose glyph and filter by it. */
export type Outcome = (typeof OUTCOMES)[number];

/** Read leniently: a row may be older or newer than its reader, and what it does not have is not shown. */
const maybe = <Schema extends z.ZodType>(schema: Schema) => schema.optional().catch(undefined);
const number = maybe(z.number());

/** The numbers behind a decision, for its row on the Decisions page. Instants are epoch milliseconds, CPU is 0-100. */
export const DecisionFacts = z.object({
  outcome: maybe(z.enum(OUTCOMES)),
  /** What the rule measures: mean CPU in percent, successful responses a minute, messages sent. Null without data. */
  measured: maybe(z.number().nullable()),
  unit: maybe(z.string()),
  window: maybe(z.object({ from: Instant, to: Instant, points: z.number(), of: z.number() })),
  /** In workers' worth: 1 = one worker at 100 % CPU. */
  load: number,
  /** True when the load was estimated from the requests, because CPU cannot show more than 100 %. */
  loadEstimated: maybe(z.boolean()),
  peak: maybe(z.object({ load: z.number(), minutes: z.number() })),
  growAbove: number,
  shrinkBelow: number,
  /** What each smaller size would run at, and what it must stay below. */
  forecast: maybe(z.array(z.object({ workers: z.number(), percent: z.number() }))),
  forecastLimit: number,
  /** The size that the rule asks for before the limits. */
  wanted: number,
  checks: maybe(z.object({ have: z.number(), need: z.number() })),
  settledAt: maybe(Instant.nullable()),
  lastChange: maybe(z.object({ at: Instant, from: z.number(), to: z.number() })),
  secondsLeft: number,
  backOffLevel: number,
  responseMs: maybe(z.number().nullable()),
  waiting: number,
  backlogPerWorker: number,
  idle: number,
  /** Mean service time of a job, and how many jobs taught it. */
  serviceSeconds: maybe(z.number().nullable()),
  /** Numbers of the adaptive rule. */
  adaptive: maybe(z.record(z.string(), z.number().nullable())),
});
export type DecisionFacts = z.infer<typeof DecisionFacts>;

export interface Decision {
  readonly kind: "grow" | "shrink" | "hold";
  readonly desired: number;
  readonly reason: Reason;
  readonly facts: Readonly<DecisionFacts> & { readonly outcome: Outcome };
}

export interface Decided {
  readonly decision: Decision;
  readonly state: State;
}

/** What is stored of a decision as JSON, beside its sentence. Rows of earlier versions have no reason. */
export const DecisionRecord = DecisionFacts.extend({ reason: maybe(Reason), blockedBy: maybe(BlockedBy) });
export type DecisionRecord = z.infer<typeof DecisionRecord>;

export function toDecisionRecord(
  { facts, reason }: Decision,
  blockedBy: { readonly protected: readonly string[]; readonly busy: number } | null,
): DecisionRecord {
  const blocked = blockedBy === null ? {} : { blockedBy: { ...blockedBy, protected: [...blockedBy.protected] } };
  return { ...facts, reason, ...blocked };
}

export function readDecisionRecord(stored: unknown): DecisionRecord {
  const parsed = DecisionRecord.safeParse(stored);
  return parsed.success ? parsed.data : {};
}

/**
 * The sentence of a stored decision in the reader's zone; `text` is the stored sentence, which is all that older rows
 * have.
 */
export function sentenceOfRecord(
  { reason, blockedBy }: Pick<DecisionRecord, "reason" | "blockedBy">,
  text: string,
  reader: Reader,
): string {
  if (reason === undefined) return text;
  const blocked = blockedBy === undefined ? null : explainBlocked(blockedBy);
  return blocked === null ? explain(reason, reader) : `${explain(reason, reader)} ${blocked}`;
}

const OUTCOME_OF: Readonly<Record<Exclude<ReasonKind, ResizeReason["kind"]>, Outcome>> = {
  paused: "paused",
  "set-by-hand": "manual",
  fixed: "no change",
  "workers-awaited": "holding",
  "data-awaited": "holding",
  "share-awaited": "holding",
  "held-after-grow": "holding",
  "cooling-down": "cooling down",
  "not-checked": "not checked",
  "no-data": "no data",
  "queue-silent": "no data",
  "data-missing": "no data",
  "at-maximum": "at the limit",
  "at-minimum": "at the limit",
  "would-shrink": "would shrink",
  "points-missing": "shrink refused",
  "peak-unknown": "shrink refused",
  "no-idle-worker": "shrink refused",
  "cpu-too-much": "shrink refused",
  "cpu-between": "no change",
  "requests-too-many": "shrink refused",
  "requests-slow": "no change",
  "thresholds-waits": "no change",
  "thresholds-arrivals": "no change",
  "queue-fits": "no change",
  "adaptive-unchanged": "no change",
};

type HoldReason = Exclude<Reason, ResizeReason>;

/** No new size; every rule says why. */
export function hold(seen: Observation, reason: HoldReason, facts: DecisionFacts): Decision {
  const left = "secondsLeft" in reason && reason.secondsLeft !== null ? { secondsLeft: reason.secondsLeft } : {};
  const checks = reason.kind === "would-shrink" ? { checks: { have: reason.have, need: reason.need } } : {};
  const wanted = reason.kind === "at-maximum" ? { wanted: reason.wanted } : {};
  return {
    kind: "hold",
    desired: seen.desired,
    reason,
    facts: { ...facts, ...left, ...checks, ...wanted, outcome: OUTCOME_OF[reason.kind] },
  };
}

/** A check that could not be made: its source did not answer. */
export function notChecked(
  desired: number,
  failure: Omit<Extract<Reason, { readonly kind: "not-checked" }>, "kind">,
): Decision {
  return { kind: "hold", desired, reason: { kind: "not-checked", ...failure }, facts: { outcome: "not checked" } };
}

export function resize(reason: ResizeReason, facts: DecisionFacts): Decision {
  const grows = reason.to > reason.from;
  return {
    kind: grows ? "grow" : "shrink",
    desired: reason.to,
    reason,
    facts: { ...facts, outcome: grows ? "grew" : "shrank" },
  };
}
