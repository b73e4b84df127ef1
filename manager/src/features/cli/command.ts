import type { ParseArgsOptionsConfig } from "node:util";
import type { CallApi } from "./call-api.ts";

/** What the command line said, behind the command's name. */
export interface Given {
  readonly words: readonly string[];
  readonly values: Readonly<Record<string, string | boolean | undefined>>;
  readonly now: number;
}

/** The API's answer and how people read it. */
export interface Answer {
  readonly json: unknown;
  readonly text: () => string;
}

export interface Command {
  readonly options: ParseArgsOptionsConfig;
  /** Words that may follow the command's name. */
  readonly maxWords: number;
  readonly run: (call: CallApi, given: Given) => Promise<Answer>;
}
