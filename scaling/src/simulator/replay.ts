import { z } from "zod";
import type { Decision } from "../decision.ts";
import { Policy } from "../policy.ts";
import { initialState } from "../policy-state.ts";
import { explain } from "../reasons/explain.ts";
import { decide } from "../rules/decide.ts";
import { type Load, SHAPES, shapeLoad } from "./loads.ts";
import { POOL_DEFAULTS } from "./pool-settings.ts";
import type { Rule } from "./rule.ts";
import { type Run, SAMPLE_SECONDS, simulate } from "./simulated-pool.ts";
import { answerSignals, queueSignals, type Signals } from "./synthetic-signals.ts";

const minutes = z.number().int().min(1).max(2_000);

/** A policy and the load that it meets, in workers' worth (1 = one worker at 100 % CPU). */
export const ReplayQuestion = z.object({
  policy: Policy,
  limits: z.object({ min: z.number().int().min(0), max: z.number().int().min(1) }),
  /** Workers in service at the beginning. */
  start: z.number().int().min(1),
  load: z.union([
    z.object({ values: z.array(z.number().min(0)).min(1).max(2_000) }),
    z.object({ shape: z.enum(SHAPES), minutes, peak: z.number().positive() }),
  ]),
  /**
   * The load of the first minute goes before it for that long, and is left out of the answer: the first checks have no
   * data.
   */
  warmUpMinutes: z.number().int().min(0).max(60).default(0),
  bootSeconds: z.number().min(0).max(3_600).default(POOL_DEFAULTS.bootSeconds),
  /**
   * A minute counts as overloaded as far as the load is above this share of the capacity in service; with a queue, when
   * a job waits at its end.
   */
  overloadShare: z.number().gt(0).max(1).default(0.9),
  /** For the rule on requests: how many a minute fill a worker, and how long an idle one takes. */
  answers: z.object({ requestsPerWorker: z.number().positive(), idleResponseMs: z.number().positive() }).optional(),
  /** For the rule on a queue: how many jobs a minute one worker finishes. */
  queue: z.object({ jobsPerWorker: z.number().positive() }).optional(),
});
export type ReplayQuestion = z.input<typeof ReplayQuestion>;

/** What the rule did, all by minute. */
export interface Replay {
  readonly load: readonly number[];
  readonly inService: readonly number[];
  /** Worker-minutes to pay for, booting and draining workers included. */
  readonly paid: readonly number[];
  /** The share of the minute that was overloaded, 0-1. */
  readonly overload: readonly number[];
  /** The check at the end of the minute. */
  readonly checks: readonly { readonly kind: Decision["kind"]; readonly desired: number; readonly outcome: string }[];
}

/** Plays a policy with the code that decides. The same question has the same answer. */
export function replay(asked: ReplayQuestion): Replay {
  const question = ReplayQuestion.parse(asked);
  const { limits, start, warmUpMinutes, bootSeconds, overloadShare } = question;
  const load = warmedUp(loadOf(question), warmUpMinutes);
  const decisions: Decision[] = [];
  const waiting: number[] = [];
  const signals = signalsOf(question, load, (jobs) => waiting.push(jobs));
  // Measured loads carry noise of their own; without more of it the same question has the same answer.
  const settings = { ...POOL_DEFAULTS, ...limits, start, bootSeconds, noise: 0 };
  const run = simulate(recordingRule(question.policy, signals, decisions), load, settings);
  const byMinute = minutesOf(run).slice(warmUpMinutes);
  const mean = (samples: Run["samples"], of: (sample: Run["samples"][number]) => number): number =>
    samples.reduce((sum, sample) => sum + of(sample), 0) / samples.length;
  return {
    load: byMinute.map((samples) => mean(samples, (sample) => sample.load)),
    inService: byMinute.map((samples) => samples.at(-1)?.inService ?? 0),
    paid: byMinute.map((samples) => mean(samples, (sample) => sample.paid)),
    overload: byMinute.map((samples, minute) => {
      const jobs = waiting[warmUpMinutes + minute];
      if (jobs !== undefined) return jobs >= 1 ? 1 : 0;
      return mean(samples, (sample) => (sample.load > overloadShare * sample.inService ? 1 : 0));
    }),
    checks: decisions
      .slice(warmUpMinutes)
      .map(({ kind, desired, facts }) => ({ kind, desired, outcome: facts.outcome })),
  };
}

type Question = z.output<typeof ReplayQuestion>;

function loadOf({ load }: Question): Load {
  if ("shape" in load) return shapeLoad(load.shape, { ...load, seed: POOL_DEFAULTS.seed });
  const { values } = load;
  return { name: "values", minutes: values.length, at: (second) => values[Math.floor(second / 60)] ?? 0 };
}

function warmedUp(load: Load, warmUpMinutes: number): Load {
  const at = (second: number): number => load.at(Math.max(0, second - warmUpMinutes * 60));
  return { ...load, minutes: load.minutes + warmUpMinutes, at };
}

function signalsOf({ answers, queue }: Question, load: Load, waiting: (jobs: number) => void): Signals {
  if (queue !== undefined) return queueSignals(load, queue.jobsPerWorker, waiting);
  return answers === undefined ? (seen) => seen : answerSignals(answers);
}

/** The production code, which leaves its decisions in `decisions`. */
function recordingRule(policy: Policy, signals: Signals, decisions: Decision[]): Rule {
  return {
    name: policy.kind,
    start: () => {
      let state = initialState();
      return (seen, now) => {
        const decided = decide(policy, signals(seen, now), state, new Date(now));
        state = decided.state;
        decisions.push(decided.decision);
        const { desired, reason } = decided.decision;
        return { desired, describe: () => explain(reason, { timeZone: "UTC" }) };
      };
    },
  };
}

function minutesOf({ samples }: Run): readonly Run["samples"][] {
  const perMinute = 60 / SAMPLE_SECONDS;
  return Array.from({ length: samples.length / perMinute }, (_, minute) =>
    samples.slice(minute * perMinute, (minute + 1) * perMinute),
  );
}
