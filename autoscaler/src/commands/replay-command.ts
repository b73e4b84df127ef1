import { createInterface } from "node:readline";
import { ReplayQuestion, replay } from "@elastic-gas/scaling/simulator/replay";
import { z } from "zod";

// One line of JSON in, a policy and its load; one line out, what the rule did by minute.
for await (const line of createInterface({ input: process.stdin })) {
  if (line.trim() === "") continue;
  try {
    process.stdout.write(`${JSON.stringify(replay(ReplayQuestion.parse(JSON.parse(line))))}\n`);
  } catch (error) {
    process.exitCode = 1;
    const message = error instanceof z.ZodError ? z.prettifyError(error) : String(error);
    process.stdout.write(`${JSON.stringify({ error: message })}\n`);
  }
}
