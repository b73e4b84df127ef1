import { parentPort } from "node:worker_threads";
import { type Replay, type ReplayQuestion, replay } from "@elastic-gas/scaling/simulator/replay";
import { z } from "zod";

/**
 * What the thread answers: a replay, or why there is none. An error of zod's loses its words on the way between
 * threads.
 */
export type ReplayAnswer =
  | { readonly kind: "replay"; readonly replay: Replay }
  | { readonly kind: "refused"; readonly why: string };

function answer(question: ReplayQuestion): ReplayAnswer {
  try {
    return { kind: "replay", replay: replay(question) };
  } catch (error) {
    if (error instanceof z.ZodError) return { kind: "refused", why: z.prettifyError(error) };
    throw error;
  }
}

parentPort?.on("message", (question: ReplayQuestion) => parentPort?.postMessage(answer(question)));
