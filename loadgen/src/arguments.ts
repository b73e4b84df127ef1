import { parseCommandLine, UsageError } from "@elastic-gas/shared/command-line";
import { z } from "zod";
import { SHAPE_NAMES, SHAPES } from "./shapes.ts";

/** At most this many requests a second and in all, so that a slip of the finger harms nobody. */
const MAX_RATE = 200;
const MAX_COUNT = 100_000;

const seconds = (max: number) => z.coerce.number().positive().max(max);

/** `photos` goes to POST /api/upload, `jobs` to POST /api/v1/annotations. */
export type LoadKind = "photos" | "jobs";

/** Which pool has the work. */
export const POOL_OF: Readonly<Record<LoadKind, string>> = { photos: "web", jobs: "annotator" };

const Common = z.object({
  url: z.url({
    protocol: /^https?$/,
    error: "URL must be an address such as http://localhost:8080/api/upload.",
  }),
  rate: z.coerce
    .number({ error: "RATE must be a number a second." })
    .positive("RATE must be above 0.")
    .max(MAX_RATE, `RATE is at most ${MAX_RATE} a second.`),
  folder: z.string().optional(),
  count: z.coerce
    .number({ error: "COUNT must be a whole number." })
    .int("COUNT must be a whole number.")
    .min(1, "COUNT must be at least 1.")
    .max(MAX_COUNT, `COUNT is at most ${MAX_COUNT.toLocaleString("en-US")}.`),
  shape: z.enum(SHAPE_NAMES, { error: `--shape is one of ${SHAPE_NAMES.join(", ")}.` }).default("constant"),
  period: seconds(7_200).default(120),
  trace: z.string().optional(),
  maxSeconds: seconds(86_400).default(7_200),
  timeout: seconds(3_600),
  html: z.string().optional(),
  manager: z.url({ protocol: /^https?$/ }).default("http://localhost:5000"),
  managerToken: z.string().optional(),
});

export const LoadArguments = z.discriminatedUnion("kind", [
  Common.extend({
    kind: z.literal("photos"),
    username: z.string().min(1, "USER is empty."),
    password: z.string().min(1, "PASSWORD is empty."),
    timeout: Common.shape.timeout.default(60),
    token: z.undefined("--token goes with --jobs. The manager's token is --manager-token."),
  }),
  Common.extend({
    kind: z.literal("jobs"),
    token: z
      .string(
        "A token of user-app is needed: --token or ELASTIC_GAS_APP_TOKEN. Make one on user-app's page API tokens.",
      )
      .min(1, "The token is empty."),
    // A job waits for its turn.
    timeout: Common.shape.timeout.default(600),
  }),
]);
export type LoadArguments = z.infer<typeof LoadArguments>;

export const USAGE = `npm run loadgen -- UPLOAD_URL USER PASSWORD RATE [FOLDER] COUNT [options]
npm run loadgen -- --jobs ANNOTATIONS_URL RATE [FOLDER] COUNT --token TOKEN [options]

Uploads photos, or with --jobs submits VCF files, at a fixed rate, whether or not earlier ones have been answered. The
account is created if it does not exist. Without FOLDER the project's own files are sent. RATE is in photos or jobs a
second (at most ${MAX_RATE}).

  --jobs              VCF files by user-app's API; each job is followed to its end
  --token TOKEN       with --jobs: an API token of user-app (default: ELASTIC_GAS_APP_TOKEN)
  --shape NAME        ${SHAPE_NAMES.join(", ")} (default: constant); RATE is the peak
  --period SECONDS    how long one turn of the shape takes (default: 120)
  --trace FILE        the rate follows a file of one number a minute, scaled to the peak RATE
  --max-seconds N     ends after this time, even if COUNT is not reached (default: 7200)
  --timeout SECONDS   a photo not answered, or a job not finished, by then counts as failed (default: 60; jobs: 600)
  --html FILE         writes a report with charts to FILE
  --manager URL       the manager, for the pool's size (default: ELASTIC_GAS_URL or http://localhost:5000)
  --manager-token T   an API token of the manager (default: ELASTIC_GAS_TOKEN); without one the report has no pool size

Shapes:
${SHAPE_NAMES.map((name) => `  ${name.padEnd(10)}${SHAPES[name]}`).join("\n")}

Examples:
  npm run loadgen -- http://localhost:8080/api/upload load loadpass 5 300 --shape step --html load.html
  npm run loadgen -- --jobs http://localhost:8080/api/v1/annotations 2 100 --token TOKEN
`;

/**
 * Reads the command line: the course's order `<upload_url> <user> <password> <rate> <folder> <count>`, or the same
 * without the folder; with --jobs the address, rate, folder and count. Throws UsageError.
 */
export function readArguments(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): LoadArguments {
  const { values, positionals } = parseCommandLine({
    args: [...argv],
    allowPositionals: true,
    options: {
      jobs: { type: "boolean", default: false },
      shape: { type: "string" },
      period: { type: "string" },
      trace: { type: "string" },
      "max-seconds": { type: "string" },
      timeout: { type: "string" },
      html: { type: "string" },
      manager: { type: "string" },
      "manager-token": { type: "string" },
      token: { type: "string" },
    },
  });
  const {
    jobs,
    "max-seconds": maxSeconds,
    manager = env.ELASTIC_GAS_URL,
    "manager-token": managerToken = env.ELASTIC_GAS_TOKEN,
    token,
    ...options
  } = values;
  const own = jobs
    ? { ...jobPositionals(positionals), token: token ?? env.ELASTIC_GAS_APP_TOKEN }
    : { ...photoPositionals(positionals), token };
  const read = LoadArguments.safeParse({ ...own, maxSeconds, manager, managerToken, ...options });
  if (!read.success) throw new UsageError(read.error.issues.map(({ message }) => message).join("\n"));
  return read.data;
}

function photoPositionals(given: readonly string[]) {
  checkNumber(given, [5, 6], "UPLOAD_URL USER PASSWORD RATE [FOLDER] COUNT");
  const [url, username, password, rate] = given;
  return {
    kind: "photos",
    url,
    username,
    password,
    rate,
    folder: given.length === 6 ? given[4] : undefined,
    count: given.at(-1),
  };
}

function jobPositionals(given: readonly string[]) {
  checkNumber(given, [3, 4], "ANNOTATIONS_URL RATE [FOLDER] COUNT");
  const [url, rate] = given;
  return { kind: "jobs", url, rate, folder: given.length === 4 ? given[2] : undefined, count: given.at(-1) };
}

function checkNumber(given: readonly string[], [least, most]: readonly [number, number], words: string): void {
  if (given.length >= least && given.length <= most) return;
  throw new UsageError(`${given.length} arguments were given, ${least} or ${most} are needed: ${words}.`);
}
