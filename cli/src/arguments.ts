import { parseArgs } from "node:util";
import { z } from "zod";

/** The command line was not understood; its sentence and the usage go to stderr, exit code 2. */
export class UsageError extends Error {
  override name = "UsageError";
}

export const USAGE = `elastic-gas annotate FILE [--build NAME] [--name TEXT] [--wait]
                     [-o OUT] [--timeout SECONDS] [--json]
elastic-gas annotate --log ID

Sends a VCF file (.vcf, .vcf.gz) and prints the id of its job. --wait waits for the end; -o waits too and writes the
annotated VCF to OUT (- for stdout). A file that is sent again after a broken connection stays one job.
--build takes GRCh38, GRCh37, NCBI36 or another name of theirs, such as hg19.
--log prints a job's log; while the job runs, the log so far.

ELASTIC_GAS_APP_URL    address of the annotation service, http://localhost:8080 without it; or --url
ELASTIC_GAS_APP_TOKEN  a token with scope write, made on the page API tokens; or --token-file FILE

Exit codes: 0 done, 1 refused or failed, 2 usage error.
`;

const Settings = z.object({
  url: z.url({ protocol: /^https?$/, error: "ELASTIC_GAS_APP_URL must be an address such as http://localhost:8080." }),
  token: z
    .string({ error: "ELASTIC_GAS_APP_TOKEN is not set. Make a token on the page API tokens." })
    .trim()
    .min(1, "ELASTIC_GAS_APP_TOKEN is empty. Make a token on the page API tokens."),
  timeoutSeconds: z.coerce.number("--timeout takes seconds, 1 to 604800.").min(1).max(604_800),
  /** Which names there are is known to the service. */
  build: z.string().optional(),
});

/** To print the log of a job. */
export interface LogArguments extends z.infer<typeof Settings> {
  readonly log: string;
}

/** To annotate a file. */
export interface FileArguments extends z.infer<typeof Settings> {
  readonly log: undefined;
  readonly file: string;
  readonly name: string | undefined;
  readonly output: string | undefined;
  readonly wait: boolean;
  readonly json: boolean;
}

/** Reads the command line; null: the usage was asked for. Throws UsageError. */
export function readArguments(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
  readFile: (path: string) => string,
): FileArguments | LogArguments | null {
  const { values, positionals } = parse(args);
  if (values.help) return null;
  const [file, more] = positionals;
  const { log } = values;
  if (log !== undefined && (log === "" || file !== undefined))
    throw new UsageError("--log takes the id of a job, and no file.");
  if (log === undefined && file === undefined) throw new UsageError("No file was given.");
  if (more !== undefined) throw new UsageError(`${more} is a second file; one command annotates one.`);
  const settings = Settings.safeParse({
    url: values.url ?? (environment.ELASTIC_GAS_APP_URL || "http://localhost:8080"),
    token: values["token-file"] === undefined ? environment.ELASTIC_GAS_APP_TOKEN : readFile(values["token-file"]),
    timeoutSeconds: values.timeout ?? "3600",
    build: values.build,
  });
  if (!settings.success) throw new UsageError(settings.error.issues.map(({ message }) => message).join(" "));
  if (file === undefined) return { ...settings.data, log: log ?? "" };
  return {
    ...settings.data,
    log: undefined,
    file,
    name: values.name,
    output: values.output,
    wait: values.wait === true || values.output !== undefined,
    json: values.json === true,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        build: { type: "string" },
        name: { type: "string" },
        wait: { type: "boolean" },
        output: { type: "string", short: "o" },
        timeout: { type: "string" },
        log: { type: "string" },
        url: { type: "string" },
        "token-file": { type: "string" },
        json: { type: "boolean" },
        help: { type: "boolean", short: "h" },
      },
    });
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    // Node adds how to pass a word that begins with a dash, which nobody meant.
    throw new UsageError(`${error.message.split(". ", 1)[0]}.`.replace(/\.\.$/, "."));
  }
}
