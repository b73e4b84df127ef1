import { parseArgs } from "node:util";
import { z } from "zod";
import { SHAPE_NAMES, SHAPES } from "./shapes.ts";

/** At most this many requests a second and in all, so that a slip of the finger harms nobody. */
const MAX_RATE = 200;
const MAX_COUNT = 100_000;

const seconds = (max: number) => z.coerce.number().positive().max(max);

export const LoadArguments = z.object({
  uploadUrl: z.url({
    protocol: /^https?$/,
    error: "UPLOAD_URL must be an address such as http://localhost:8080/api/upload.",
  }),
  username: z.string().min(1, "USER is empty."),
  password: z.string().min(1, "PASSWORD is empty."),
  rate: z.coerce
    .number({ error: "RATE must be a number of uploads a second." })
    .positive("RATE must be above 0.")
    .max(MAX_RATE, `RATE is at most ${MAX_RATE} a second.`),
  folder: z.string().optional(),
  count: z.coerce
    .number({ error: "COUNT must be a whole number of uploads." })
    .int("COUNT must be a whole number of uploads.")
    .min(1, "COUNT must be at least 1.")
    .max(MAX_COUNT, `COUNT is at most ${MAX_COUNT.toLocaleString("en-US")}.`),
  shape: z.enum(SHAPE_NAMES, { error: `--shape is one of ${SHAPE_NAMES.join(", ")}.` }).default("constant"),
  period: seconds(7_200).default(120),
  trace: z.string().optional(),
  maxSeconds: seconds(86_400).default(7_200),
  timeout: seconds(600).default(60),
  html: z.string().optional(),
  manager: z.url({ protocol: /^https?$/ }).default("http://localhost:5000"),
  token: z.string().optional(),
});
export type LoadArguments = z.infer<typeof LoadArguments>;

export const USAGE = `npm run loadgen -- UPLOAD_URL USER PASSWORD RATE [FOLDER] COUNT [options]

Uploads pictures at a rate, whether or not earlier uploads have been answered. The account is made if it is not there.
Without FOLDER the project's own pictures are sent. RATE is in uploads a second (at most ${MAX_RATE}).

  --shape NAME        ${SHAPE_NAMES.join(", ")} (default: constant); RATE is the peak
  --period SECONDS    how long one turn of the shape takes (default: 120)
  --trace FILE        the rate follows a file of one number a minute, scaled to the peak RATE
  --max-seconds N     ends after this time, whatever is left of COUNT (default: 7200)
  --timeout SECONDS   an upload without an answer by then has failed (default: 60)
  --html FILE         writes a report with charts to FILE
  --manager URL       the manager, for the pool's size in the report (default: ELASTIC_GAS_URL or http://localhost:5000)
  --token TOKEN       an API token of the manager (default: ELASTIC_GAS_TOKEN); without one the report has no pool size

Shapes:
${SHAPE_NAMES.map((name) => `  ${name.padEnd(10)}${SHAPES[name]}`).join("\n")}

Example:  npm run loadgen -- http://localhost:8080/api/upload load loadpass 5 300 --shape step --html load.html
`;

/** Reads the command line: the course's order `<upload_url> <user> <password> <rate> <folder> <count>`, or the same without the folder. Throws ZodError. */
export function readArguments(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): LoadArguments | "help" {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      help: { type: "boolean", short: "h" },
      shape: { type: "string" },
      period: { type: "string" },
      trace: { type: "string" },
      "max-seconds": { type: "string" },
      timeout: { type: "string" },
      html: { type: "string" },
      manager: { type: "string" },
      token: { type: "string" },
    },
  });
  if (values.help === true || argv.length === 0) return "help";
  if (positionals.length < 5 || positionals.length > 6)
    throw new Error(
      `${positionals.length} arguments were given, 5 or 6 are needed: UPLOAD_URL USER PASSWORD RATE [FOLDER] COUNT.`,
    );
  const [uploadUrl, username, password, rate] = positionals;
  const folder = positionals.length === 6 ? positionals[4] : undefined;
  const {
    "max-seconds": maxSeconds,
    manager = env.ELASTIC_GAS_URL,
    token = env.ELASTIC_GAS_TOKEN,
    ...options
  } = values;
  return LoadArguments.parse({
    uploadUrl,
    username,
    password,
    rate,
    folder,
    count: positionals.at(-1),
    maxSeconds,
    manager,
    token,
    ...options,
  });
}
