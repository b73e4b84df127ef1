import type { Decision } from "./build/decide.ts";
import type { Tally } from "./tally.ts";

const STEPS = {
  header: "Reading the header",
  build: "Finding out the genome build",
  consequences: "Calling consequences with bcftools csq",
  records: "Annotating the records",
} as const;

/** How far one run of the engine is, for those who watch it: a percentage and the log so far. */
export class RunProgress {
  /** 0 to 100. */
  percent = 0;
  readonly #startedAt = performance.now();
  readonly #facts: string[];
  readonly #steps: string[] = [];
  #tally: Tally | null = null;

  constructor({ fileName, pack }: { readonly fileName: string; readonly pack: string }) {
    this.#facts = [`File: ${fileName}`, `Annotation pack: ${pack}`];
  }

  begin(step: keyof typeof STEPS): void {
    const seconds = ((performance.now() - this.#startedAt) / 1_000).toFixed(1);
    this.#steps.push(`${seconds.padStart(7)} s  ${STEPS[step]}`);
  }

  decided({ build, undecided, reason, warning }: Decision): void {
    this.#facts.push(`Build: ${build}${undecided ? " (assumed)" : ""}`, `Build decided: ${reason}`);
    if (warning !== null) this.#facts.unshift(`ATTENTION: ${warning}`, "");
  }

  counts(tally: Tally): void {
    this.#tally = tally;
  }

  log(): string {
    return [...this.#facts, "", ...this.#steps, ...this.#found(), ""].join("\n");
  }

  #found(): string[] {
    if (this.#tally === null) return [];
    const { records, warnings } = this.#tally;
    const found = warnings.map(({ sentence }) => `  ${sentence}`);
    return ["", `Records so far: ${records}`, "", "Warnings so far:", ...(found.length === 0 ? ["  none"] : found)];
  }
}
