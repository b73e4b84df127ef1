import { startTestCloud } from "@elastic-gas/testing/local-cloud/test-cloud";
import { STAGED_ANSWERS } from "./staged-answers.ts";

/**
 * Child process: local-cloud's wire with staged answers. Sends its endpoint; takes `{ size }` to stage a pool and
 * `"calls"` to tell and forget the calls since then.
 */
let size = 0;
let calls: Record<string, number> = {};
await using cloud = await startTestCloud({
  middleware: async ({ operation, input }, next) => {
    calls[operation] = (calls[operation] ?? 0) + 1;
    const answer = STAGED_ANSWERS[operation];
    // The answers have the members of the operation's output.
    return answer === undefined ? next() : (answer(size, Object(input)) as never);
  },
});
process.on("message", (message: { readonly size: number } | "calls") => {
  if (message === "calls") process.send?.({ calls });
  else size = message.size;
  calls = {};
});
process.send?.({ endpoint: cloud.endpoint });
await new Promise((resolve) => process.once("disconnect", resolve));
