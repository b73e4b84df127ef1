import { z } from "zod";

const maybe = <Schema extends z.ZodType>(schema: Schema) => schema.nullish().catch(undefined);
const number = maybe(z.number());

/**
 * The numbers that the autoscaler stored with a decision. Read leniently: a row may be older or newer than this page, and what it does not have is not
 * shown.
 */
export const DecisionFacts = z.object({
  outcome: maybe(z.string()),
  unit: maybe(z.string()),
  window: maybe(z.object({ from: z.number(), to: z.number(), points: z.number(), of: z.number() })),
  load: number,
  loadEstimated: maybe(z.boolean()),
  peak: maybe(z.object({ load: z.number(), minutes: z.number() })),
  growAbove: number,
  shrinkBelow: number,
  forecast: maybe(z.array(z.object({ workers: z.number(), percent: z.number() }))),
  forecastLimit: number,
  wanted: number,
  checks: maybe(z.object({ have: z.number(), need: z.number() })),
  lastChange: maybe(z.object({ at: z.number(), from: z.number(), to: z.number() })),
  secondsLeft: number,
  backOffLevel: number,
  responseMs: number,
  waiting: number,
  backlogPerWorker: number,
  idle: number,
});
export type DecisionFacts = z.infer<typeof DecisionFacts>;

export function readFacts(stored: unknown): DecisionFacts {
  const parsed = DecisionFacts.safeParse(stored);
  return parsed.success ? parsed.data : {};
}

/** How a check ended, for glyph and filter; older rows without it are told apart by their kind. */
export function outcomeOf(row: { readonly kind: "grow" | "shrink" | "hold"; readonly facts: DecisionFacts }): string {
  if (row.facts.outcome != null) return row.facts.outcome;
  return { grow: "grew", shrink: "shrank", hold: "no change" }[row.kind];
}
