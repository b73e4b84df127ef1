import { z } from "zod";

/**
 * Instants are epoch milliseconds, durations seconds, CPU is 0-100, loads are in workers' worth (1 = one worker at 100
 * % CPU).
 */
const number = z.number();
const nullable = z.number().nullable();

/** What a rule found in the data: a part of the reasons that share it. */
export const Finding = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("cpu-above"), meanPercent: number, limitPercent: number }),
  z.object({ kind: z.literal("cpu-below"), meanPercent: number, limitPercent: number }),
  /** The first full minute after a change, with all workers full. */
  z.object({ kind: z.literal("first-minute-full"), meanPercent: number }),
  /** More than even the workers on their way can carry. */
  z.object({ kind: z.literal("load-above"), load: number, limitPercent: number, workers: number }),
  /** What the reporting workers carry is already too much for all. */
  z.object({ kind: z.literal("reported-load-above"), load: number, limitPercent: number, workers: number }),
  z.object({ kind: z.literal("requests-above"), perMinute: number, limit: number }),
  /** A null response time: there were no requests. */
  z.object({ kind: z.literal("fast-answers"), responseMs: nullable, limitMs: number }),
  z.object({ kind: z.literal("many-sent"), sent: number, withinSeconds: number, limit: number, waiting: number }),
  z.object({ kind: z.literal("few-sent"), sent: number, withinSeconds: number, limit: number, idle: number }),
  z.object({ kind: z.literal("backlog-above"), perWorker: number, limit: number }),
  /** The work that arrives and waits, and the workers that it needs. */
  z.object({
    kind: z.literal("work"),
    perMinute: number,
    waiting: number,
    serviceSeconds: number,
    /** False while the service time is the assumed one. */
    learned: z.boolean(),
    waitSeconds: number,
    needs: number,
  }),
  z.object({
    kind: z.literal("forecast"),
    level: number,
    rise: number,
    /** Room for what the load usually rises, and for a load that is rising now. */
    head: number,
    risingHead: number,
    forecast: number,
    aheadSeconds: number,
    learnedSeconds: number,
    learnsForSeconds: number,
    riskPercent: number,
    serviceLevelPercent: number,
    needs: number,
    /** Foreseen by the same minutes of the last hours. */
    bySeason: z.boolean().optional(),
    /** Most of the room is for what came at the same minute of earlier half hours. */
    byClock: z.boolean().optional(),
  }),
]);
export type Finding = z.infer<typeof Finding>;

/** What a smaller pool would run at; `withinSeconds` when the peak of that longer time says so. */
export const SizeForecast = z.object({ workers: number, percent: number, withinSeconds: nullable });
export type SizeForecast = z.infer<typeof SizeForecast>;

const resize = { pool: z.string(), from: number, to: number } as const;

/** What a check needs an answer of. */
export const Source = z.enum(["EC2", "load balancer", "CloudWatch", "SQS", "database"]);
export type Source = z.infer<typeof Source>;

/** Why a check ended as it did: a kind and its numbers. `explain` writes the sentence. */
export const Reason = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("outside-limits"), ...resize, min: number, max: number }),
  z.object({ kind: z.literal("paused"), by: z.string(), at: number }),
  z.object({ kind: z.literal("set-by-hand"), desired: number, secondsLeft: number }),
  z.object({ kind: z.literal("fixed"), desired: number }),

  z.object({ kind: z.literal("workers-awaited"), warming: number, pending: number, secondsLeft: nullable }),
  z.object({ kind: z.literal("data-awaited"), minutes: number, secondsLeft: nullable }),
  z.object({ kind: z.literal("share-awaited"), secondsLeft: number }),
  z.object({ kind: z.literal("held-after-grow"), desired: number, secondsLeft: number }),
  z.object({
    kind: z.literal("cooling-down"),
    secondsLeft: number,
    change: z.object({ from: number, to: number }).nullable(),
  }),

  /**
   * A source gave no answer within `seconds`; `failure` is its error, null when it was silent. The database was away
   * for `seconds`: it is told of when it is back.
   */
  z.object({ kind: z.literal("not-checked"), source: Source, seconds: number, failure: z.string().nullable() }),
  z.object({ kind: z.literal("no-data"), since: nullable }),
  z.object({ kind: z.literal("queue-silent") }),
  z.object({ kind: z.literal("data-missing"), withinSeconds: number }),

  z.object({ kind: z.literal("at-maximum"), max: number, wanted: number, finding: Finding }),
  z.object({ kind: z.literal("at-minimum"), min: number, finding: Finding }),
  z.object({ kind: z.literal("would-shrink"), finding: Finding, have: number, need: number }),
  z.object({ kind: z.literal("points-missing"), finding: Finding, missing: number, of: number, ifFullPercent: number }),
  z.object({ kind: z.literal("peak-unknown"), cause: z.enum(["missing", "full"]), withinSeconds: number }),
  z.object({ kind: z.literal("no-idle-worker"), busy: number, of: number }),

  z.object({
    kind: z.literal("cpu-grew"),
    ...resize,
    finding: Finding,
    max: number,
    ratio: number,
    growAbovePercent: number,
    /** The size that the load needs, where it and not the ratio bounds the step. */
    need: nullable,
    /** Workers that were on their way. */
    awaited: number,
    /** The grow followed a shrink within `withinSeconds`: the next shrink needs so many checks. */
    flap: z.object({ checks: number, withinSeconds: number }).nullable(),
  }),
  z.object({
    kind: z.literal("cpu-shrank"),
    ...resize,
    finding: Finding,
    checks: number,
    sizes: z.array(SizeForecast),
    limitPercent: number,
    longerLimitPercent: nullable,
  }),
  z.object({
    kind: z.literal("cpu-too-much"),
    sizes: z.array(SizeForecast),
    limitPercent: number,
    longerLimitPercent: nullable,
  }),
  z.object({ kind: z.literal("cpu-between"), meanPercent: number, lowPercent: number, highPercent: number }),

  z.object({ kind: z.literal("requests-grew"), ...resize, finding: Finding, holdSeconds: number, max: number }),
  z.object({
    kind: z.literal("requests-shrank"),
    ...resize,
    finding: Finding,
    checks: number,
    peakPerMinute: number,
    limit: number,
  }),
  z.object({
    kind: z.literal("requests-too-many"),
    peakPerMinute: number,
    withinSeconds: number,
    workers: number,
    limit: number,
  }),
  z.object({
    kind: z.literal("requests-slow"),
    perMinute: number,
    limit: number,
    responseMs: number,
    limitMs: number,
  }),

  z.object({ kind: z.literal("thresholds-grew"), ...resize, finding: Finding, max: number }),
  z.object({ kind: z.literal("thresholds-shrank"), ...resize, finding: Finding, checks: number }),
  z.object({ kind: z.literal("thresholds-waits"), perWorker: number, limit: number }),
  z.object({ kind: z.literal("thresholds-arrivals"), sent: number, withinSeconds: number, limit: number }),

  z.object({ kind: z.literal("queue-grew"), ...resize, finding: Finding, max: number }),
  z.object({
    kind: z.literal("queue-shrank"),
    ...resize,
    finding: Finding,
    idle: number,
    held: number,
    heldSeconds: number,
  }),
  z.object({ kind: z.literal("queue-fits"), desired: number, finding: Finding, held: number, heldSeconds: number }),

  z.object({
    kind: z.literal("adaptive-grew"),
    ...resize,
    finding: Finding,
    max: number,
    wanted: number,
    /** The margin that the next shrink leaves, when this grow regrets the last one. */
    regretMarginPercent: nullable,
  }),
  z.object({
    kind: z.literal("adaptive-shrank"),
    ...resize,
    peak: number,
    withinSeconds: number,
    serviceLevelPercent: number,
    marginPercent: number,
  }),
  z.object({
    kind: z.literal("adaptive-unchanged"),
    desired: number,
    finding: Finding,
    peak: number,
    withinSeconds: number,
    shrinksBelow: number,
  }),
]);
export type Reason = z.infer<typeof Reason>;
export type ReasonKind = Reason["kind"];
export type ResizeReason = Extract<Reason, { readonly from: number; readonly to: number }>;

/** What keeps a pool larger than it wants to be. */
export const BlockedBy = z.object({ protected: z.array(z.string()), busy: number });
export type BlockedBy = z.infer<typeof BlockedBy>;
