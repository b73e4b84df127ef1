/** One request, or one job from its submission to its end, as the client saw it. */
export interface Outcome {
  /** Milliseconds after the start of the run. */
  readonly sentAtMs: number;
  readonly ms: number;
  /** HTTP status of the last answer; null when none came. */
  readonly status: number | null;
  readonly succeeded: boolean;
  /** Not taken, with a time to come back: the service protects itself. */
  readonly refused: boolean;
  /** The answer's body, or why none came. */
  readonly text: string;
}
