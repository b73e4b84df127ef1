import { type ParseArgsConfig, parseArgs } from "node:util";

/** A command line that a person has to put right. */
export class UsageError extends Error {
  override name = "UsageError";
}

/** Node's parseArgs, whose refusals are one plain sentence. Throws UsageError. */
export function parseCommandLine<const Config extends ParseArgsConfig>(
  config: Config,
): ReturnType<typeof parseArgs<Config>> {
  try {
    return parseArgs(config);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    // Node adds how to pass a word that begins with a dash, which nobody meant.
    const [sentence = ""] = error.message.split(". ", 1);
    throw new UsageError(sentence.endsWith(".") ? sentence : `${sentence}.`, { cause: error });
  }
}

/**
 * What a program was asked for. `--help` prints its usage and ends it with exit code 0; the sentence of a UsageError
 * goes before the usage, with exit code 2.
 */
export function readCommandLine<Asked>(usage: string, read: (args: readonly string[]) => Asked): Asked {
  const args = process.argv.slice(2);
  if (args.includes("--help") || args.includes("-h")) {
    process.stdout.write(`${usage.trimEnd()}\n`);
    process.exit(0);
  }
  try {
    return read(args);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`${error.message}\n\n${usage.trimEnd()}\n`);
    process.exit(2);
  }
}
