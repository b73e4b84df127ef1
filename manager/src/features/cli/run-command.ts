import type { ParseArgsConfig } from "node:util";
import { parseCommandLine, UsageError } from "@elastic-gas/shared/command-line";
import { z } from "zod";
import { CallFailed, createCallApi, Settings } from "./call-api.ts";
import type { Command, Given } from "./command.ts";
import { COMMANDS } from "./commands.ts";
import { OVERVIEW, USAGE } from "./usage.ts";

export interface Surroundings {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
}

/** Runs one command. Exit code 0: done; 1: refused or failed; 2: usage error. */
export async function runCommand(args: readonly string[], { environment, out, err }: Surroundings): Promise<0 | 1 | 2> {
  const [name, ...rest] = args;
  const command = name === undefined ? undefined : COMMANDS[name];
  const usage = USAGE[name ?? ""] ?? OVERVIEW;
  if (name === "--help" || name === "-h" || name === "help") {
    out(OVERVIEW);
    return 0;
  }
  try {
    if (command === undefined) throw new UsageError(name === undefined ? "Which command?" : `Unknown command ${name}.`);
    const { json, help, ...given } = read(command, rest);
    if (help) {
      out(usage);
      return 0;
    }
    const settings = Settings.safeParse(environment);
    if (!settings.success) throw new UsageError(settings.error.issues.map(({ message }) => message).join(" "));
    const answer = await command.run(createCallApi(settings.data), given);
    out(json ? `${JSON.stringify(answer.json, null, 2)}\n` : answer.text());
    return 0;
  } catch (error) {
    if (error instanceof UsageError) {
      err(`${error.message}\n\n${usage}`);
      return 2;
    }
    if (error instanceof CallFailed) {
      err(`${error.message}\n`);
      return 1;
    }
    if (error instanceof z.ZodError) {
      err(`The manager's answer is of another release than this command:\n${z.prettifyError(error)}\n`);
      return 1;
    }
    throw error;
  }
}

function read(command: Command, args: readonly string[]): Given & { readonly json: boolean; readonly help: boolean } {
  const options = {
    ...command.options,
    json: { type: "boolean" },
    help: { type: "boolean", short: "h" },
  } as const satisfies NonNullable<ParseArgsConfig["options"]>;
  const { values, positionals } = parseCommandLine({ args: [...args], options, allowPositionals: true });
  if (positionals.length > command.maxWords && values.help !== true) {
    throw new UsageError(`${positionals[command.maxWords]} is one word too many.`);
  }
  const { json = false, help = false, ...others } = values as Record<string, string | boolean | undefined>;
  return { words: positionals, values: others, now: Date.now(), json: json === true, help: help === true };
}
