import { createInterface } from "node:readline";
import { Observation } from "@elastic-gas/scaling/observation";
import { Policy } from "@elastic-gas/scaling/policy";
import { initialState, State } from "@elastic-gas/scaling/policy-state";
import { explain } from "@elastic-gas/scaling/reasons/explain";
import { decide } from "@elastic-gas/scaling/rules/decide";
import { z } from "zod";

/** One line in: what to decide. `state` is the state of the line before it when it is left out; null starts afresh. */
const Question = z.object({
  policy: Policy,
  observation: Observation,
  state: State.nullish(),
  now: z.union([z.number(), z.iso.datetime({ offset: true }).transform((text) => Date.parse(text))]),
});

let state = initialState();
let failed = false;
for await (const line of createInterface({ input: process.stdin })) {
  if (line.trim() === "") continue;
  try {
    const question = Question.parse(JSON.parse(line));
    const before = question.state === undefined ? state : (question.state ?? initialState());
    const decided = decide(question.policy, question.observation, before, new Date(question.now));
    state = decided.state;
    const sentence = explain(decided.decision.reason, { timeZone: "UTC" });
    process.stdout.write(`${JSON.stringify({ ...decided, sentence })}\n`);
  } catch (error) {
    failed = true;
    const message = error instanceof z.ZodError ? z.prettifyError(error) : String(error);
    process.stdout.write(`${JSON.stringify({ error: message })}\n`);
  }
}
process.exitCode = failed ? 1 : 0;
