import { startTestCloud } from "@elastic-gas/testing/local-cloud/test-cloud";
import { STAGED_ANSWERS } from "./staged-answers.ts";

/** What the staged cloud answers its parent: where it is, and the calls since the last answer, by operation. */
export interface Staged {
  readonly endpoint: string;
  readonly calls: Readonly<Record<string, number>>;
}

/** Child process: local-cloud's wire with staged answers. Takes `{ size }`, the workers of the pool to stage. */
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
const tell = (): void => {
  process.send?.({ endpoint: cloud.endpoint, calls });
  calls = {};
};
process.on("message", (message: { readonly size: number }) => {
  size = message.size;
  tell();
});
tell();
await new Promise((resolve) => process.once("disconnect", resolve));
