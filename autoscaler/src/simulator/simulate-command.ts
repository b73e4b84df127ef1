import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { z } from "zod";
import { chartOf } from "./chart.ts";
import { constantLoad, type Load, SHAPES, shapeLoad, traceLoad } from "./loads.ts";
import { runReport, tableOf } from "./report.ts";
import { COMPARED_RULES, ruleNamed } from "./rules.ts";
import { POOL_DEFAULTS, type PoolSettings, simulate } from "./simulated-pool.ts";
import { compareRules, summarize } from "./summary.ts";

const count = z.coerce.number().int().min(1);
const seconds = z.coerce.number().min(0).max(86_400);

/** The options of the command line; pool settings have the defaults of `POOL_DEFAULTS`. */
const Options = z.object({
  policy: z.string().default("cpu"),
  set: z.array(z.string()).default([]),
  load: z.string().default("step"),
  trace: z.string().optional(),
  traces: z.string().optional(),
  minutes: count.max(100_000).default(360),
  peak: z.coerce.number().positive().default(6.4),
  min: count.default(POOL_DEFAULTS.min),
  max: count.default(POOL_DEFAULTS.max),
  start: count.default(POOL_DEFAULTS.start),
  boot: seconds.default(POOL_DEFAULTS.bootSeconds),
  delay: seconds.default(POOL_DEFAULTS.metricDelaySeconds),
  drain: seconds.default(POOL_DEFAULTS.drainSeconds),
  noise: z.coerce.number().min(0).max(1).default(POOL_DEFAULTS.noise),
  noiseShape: z.enum(["normal", "even"]).default(POOL_DEFAULTS.noiseShape),
  seed: z.coerce.number().int().default(POOL_DEFAULTS.seed),
  json: z.boolean().default(false),
  svg: z.string().optional(),
});
type Options = z.infer<typeof Options>;

try {
  const { options, command } = readOptions(process.argv.slice(2));
  if (command === "compare") compare(options);
  else run(options);
} catch (error) {
  const message =
    error instanceof z.ZodError ? z.prettifyError(error) : error instanceof Error ? error.message : String(error);
  process.stderr.write(`${message}\nThe options are in autoscaler/README.md, under "The simulator".\n`);
  process.exitCode = 1;
}

function run(options: Options): void {
  const settings = poolOf(options);
  const load = loadOf(options);
  const result = simulate(ruleNamed(options.policy, options.set), load, settings);
  const summary = summarize(result);
  if (options.svg !== undefined) writeFileSync(atCaller(options.svg), chartOf([result], 1));
  const json = { settings, actions: result.actions, summary };
  process.stdout.write(options.json ? `${JSON.stringify(json)}\n` : runReport(result, summary));
}

function compare(options: Options): void {
  const settings = poolOf(options);
  const shapes = SHAPES.map((shape) => shapeLoad(shape, options));
  const traces = options.traces === undefined ? [] : tracesIn(atCaller(options.traces), options.peak);
  const groups = [
    { name: "all shapes", loads: shapes },
    { name: "all traces", loads: traces },
  ];
  const { runs, rows } = compareRules(COMPARED_RULES, groups, settings);
  if (options.svg !== undefined) writeFileSync(atCaller(options.svg), chartOf(runs, COMPARED_RULES.length));
  process.stdout.write(options.json ? `${JSON.stringify({ settings, rows })}\n` : tableOf(rows));
}

function readOptions(args: readonly string[]): { readonly options: Options; readonly command: "run" | "compare" } {
  const text = { type: "string" } as const;
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      policy: text,
      set: { type: "string", multiple: true },
      load: text,
      trace: text,
      traces: text,
      minutes: text,
      peak: text,
      min: text,
      max: text,
      start: text,
      boot: text,
      delay: text,
      drain: text,
      noise: text,
      "noise-shape": text,
      seed: text,
      json: { type: "boolean" },
      svg: text,
    },
  });
  const [command, ...others] = positionals;
  if (others.length > 0 || (command !== undefined && command !== "compare")) {
    throw new Error(`Unknown command "${positionals.join(" ")}"; there is only "compare".`);
  }
  return { options: Options.parse({ ...values, noiseShape: values["noise-shape"] }), command: command ?? "run" };
}

function poolOf(options: Options): PoolSettings {
  const { min, max, start, boot, delay, drain, noise, noiseShape, seed } = options;
  if (min > max) throw new Error(`--min ${min} is above --max ${max}.`);
  return {
    min,
    max,
    start: Math.min(max, Math.max(min, start)),
    bootSeconds: boot,
    metricDelaySeconds: delay,
    drainSeconds: drain,
    noise,
    noiseShape,
    seed,
  };
}

function loadOf(options: Options): Load {
  if (options.trace !== undefined) return traceFrom(atCaller(options.trace), options.peak);
  const shape = SHAPES.find((known) => known === options.load);
  if (shape !== undefined) return shapeLoad(shape, options);
  const level = Number(options.load);
  if (options.load.trim() !== "" && level >= 0) return constantLoad(level, options.minutes);
  throw new Error(`No load "${options.load}". There are: ${SHAPES.join(", ")}, and any number for a constant load.`);
}

function tracesIn(folder: string, peak: number): readonly Load[] {
  const names = readdirSync(folder)
    .filter((name) => name.endsWith(".csv"))
    .sort();
  if (names.length === 0) throw new Error(`No .csv file in ${folder}.`);
  return names.map((name) => traceFrom(join(folder, name), peak));
}

function traceFrom(path: string, peak: number): Load {
  return traceLoad(basename(path, ".csv"), readFileSync(path, "utf8"), peak);
}

/** npm runs a workspace's script in the workspace's folder, but people mean the folder where they are. */
function atCaller(path: string): string {
  return resolve(process.env.INIT_CWD ?? ".", path);
}
