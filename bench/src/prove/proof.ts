/** One statement about a whole running system that `npm run prove` shows to hold, with the facts that show it. */
export interface Proof {
  /** File name of its results: `docs/results/<name>.md`, `.json`, `.svg`. */
  readonly name: string;
  readonly title: string;
  /** What it shows, one or two sentences. */
  readonly statement: string;
  /**
   * Runs the system and measures. Throws when the system could not be driven at all; what it promises is in `checks`.
   */
  run(context: ProofContext): Promise<Findings>;
}

export interface ProofContext {
  /** Seconds in place of minutes, to develop a proof; its results are not those of the product's defaults. */
  readonly quick: boolean;
  /** For the parts' tests: only files whose path holds this text. For the faults: only those whose name does. */
  readonly only: string;
  /** Folder of the results. */
  readonly folder: string;
  readonly say: (line: string) => void;
  /** For the faults: those of 20 minutes, in place of the shorter ones. */
  readonly long: boolean;
  /** For the faults: random ones for so long, in place of the plan. */
  readonly soakMs: number | null;
  /** For the faults: the plan ends after so long, and the report names what was left out. */
  readonly limitMs: number | null;
  /** Of whatever is drawn at random. */
  readonly seed: number;
}

export interface Check {
  readonly what: string;
  readonly measured: string;
  readonly ok: boolean;
}

export interface Figure {
  readonly label: string;
  readonly value: string;
}

export interface Chart {
  /** `docs/results/<file>` */
  readonly file: string;
  readonly svg: string;
  /** For readers who do not see it. */
  readonly text: string;
}

export interface Findings {
  readonly checks: readonly Check[];
  /** The figures that the index shows, the most telling first. */
  readonly figures: readonly Figure[];
  /** Settings under which it was measured, as the environment and the policy name them. */
  readonly settings: readonly Figure[];
  readonly charts?: readonly Chart[];
  /** Markdown below checks and settings. */
  readonly details: string;
  /** What was measured, for the JSON file. */
  readonly data: unknown;
}

export function passed({ checks }: Pick<Findings, "checks">): boolean {
  return checks.length > 0 && checks.every(({ ok }) => ok);
}
