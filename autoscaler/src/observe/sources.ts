import type { Source } from "@elastic-gas/scaling/reasons/reason";

/** A source of a check that gave no answer, after so long. */
export interface SourceFailure {
  readonly source: Source;
  readonly seconds: number;
  /** Null when the source was silent. */
  readonly error: unknown;
}

/** Waits for a source, and tells how long that took when it fails. */
export async function timed<Answer>(source: Source, answer: Promise<Answer>): Promise<Answer | SourceFailure> {
  const began = performance.now();
  try {
    return await answer;
  } catch (error) {
    return { source, seconds: Math.max(1, Math.round((performance.now() - began) / 1_000)), error };
  }
}

export function isFailure(answer: unknown): answer is SourceFailure {
  return typeof answer === "object" && answer !== null && "source" in answer && "error" in answer;
}
