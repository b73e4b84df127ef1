import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { chartOf } from "@elastic-gas/scaling/simulator/chart";
import { DAY_KINDS, generatedDay } from "@elastic-gas/scaling/simulator/days";
import { figuresOf } from "@elastic-gas/scaling/simulator/figures";
import { measureLate } from "@elastic-gas/scaling/simulator/late";
import {
  closedLoad,
  constantLoad,
  type Load,
  SHAPES,
  type ShapeSettings,
  shapeLoad,
  traceLoad,
} from "@elastic-gas/scaling/simulator/loads";
import { measureNoise } from "@elastic-gas/scaling/simulator/noise";
import { POOL_DEFAULTS, type PoolSettings } from "@elastic-gas/scaling/simulator/pool-settings";
import { compareQueueRules, QUEUE_DEFAULTS } from "@elastic-gas/scaling/simulator/queue-pool";
import {
  figuresTable,
  lateTable,
  noiseTable,
  queueTable,
  runReport,
  stabilityTable,
  tableOf,
} from "@elastic-gas/scaling/simulator/report";
import type { Rule } from "@elastic-gas/scaling/simulator/rule";
import { COMPARED_RULES, ruleNamed, withSignals } from "@elastic-gas/scaling/simulator/rules";
import { simulate } from "@elastic-gas/scaling/simulator/simulated-pool";
import { countSettling, overshootRows } from "@elastic-gas/scaling/simulator/stability";
import { compareRules, summarize } from "@elastic-gas/scaling/simulator/summary";
import { answerSignals, queueSignals } from "@elastic-gas/scaling/simulator/synthetic-signals";
import { parseCommandLine, readCommandLine, UsageError } from "@elastic-gas/shared/command-line";
import { z } from "zod";

const count = z.coerce.number().int().min(1);
const seconds = z.coerce.number().min(0).max(86_400);

/** The options of the command line; pool settings have the defaults of `POOL_DEFAULTS`. */
const Options = z.object({
  policy: z.string().default("cpu"),
  set: z.array(z.string()).default([]),
  load: z.string().default("step"),
  trace: z.string().optional(),
  traces: z.string().optional(),
  days: z.string().optional(),
  minutes: count.max(100_000).optional(),
  peak: z.coerce.number().positive().default(6.4),
  min: count.default(POOL_DEFAULTS.min),
  max: count.default(POOL_DEFAULTS.max),
  start: count.default(POOL_DEFAULTS.start),
  boot: seconds.default(POOL_DEFAULTS.bootSeconds),
  delay: seconds.default(POOL_DEFAULTS.metricDelaySeconds),
  period: z.coerce.number().int().min(5).max(60).multipleOf(5).default(POOL_DEFAULTS.metricPeriodSeconds),
  lost: z.coerce.number().min(0).max(1).default(POOL_DEFAULTS.lostShare),
  phase: seconds.default(POOL_DEFAULTS.phaseSeconds),
  drain: seconds.default(POOL_DEFAULTS.drainSeconds),
  noise: z.coerce.number().min(0).max(1).optional(),
  noiseShape: z.enum(["normal", "even"]).optional(),
  cases: count.max(1_000_000).default(1_000),
  seed: z.coerce.number().int().default(POOL_DEFAULTS.seed),
  think: seconds.optional(),
  requestsPerWorker: z.coerce.number().positive().default(600),
  responseMs: z.coerce.number().positive().optional(),
  jobsPerWorker: z.coerce.number().positive().default(6),
  out: z.string().optional(),
  json: z.boolean().default(false),
  svg: z.string().optional(),
});
type Options = z.infer<typeof Options>;

const COMMANDS = ["compare", "shapes", "noise", "late", "stability"] as const;
type Command = (typeof COMMANDS)[number] | "run";

const RUN_MINUTES = 360;
/** `noise` counts the actions of a day, with an error that no metric exceeds. */
const NOISE_MINUTES = 1_440;
const NOISE_SHARE = 0.05;

const USAGE = `npm run -s simulate --workspace autoscaler -- [command] [options]
Runs a rule of the autoscaler, or of somebody else, against a load without AWS.

  --policy cpu --load step         every action with its reason, then the figures
  --policy adaptive --trace FILE   the same for a recorded load
  compare [--days FOLDER]          all rules over days: overloaded minutes and cost as shares of HPA's
  shapes [--traces FOLDER]         all rules over all shapes of load, and recorded ones
  noise                            what noise alone makes the CPU rule do
  late                             what late and lost metrics do to each rule
  stability [--cases 10000]        random policies at constant loads

All options are in autoscaler/README.md, under "The simulator".
`;

const { options, command } = readCommandLine(USAGE, readOptions);
try {
  if (command === "compare" && options.traces === undefined) compareDays(options);
  else if (command === "compare" || command === "shapes") compareShapes(options);
  else if (command === "noise") noise(options);
  else if (command === "late") late(options);
  else if (command === "stability") stability(options);
  else run(options);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
}

function run(options: Options): void {
  const settings = poolOf(options);
  const load = loadOf(options);
  const result = simulate(ruleOf(options, load), load, settings);
  const summary = summarize(result);
  if (options.svg !== undefined) writeFileSync(atCaller(options.svg), chartOf([result], 1));
  const json = { settings, actions: result.actions, summary };
  process.stdout.write(options.json ? `${JSON.stringify(json)}\n` : runReport(result, summary));
}

/** Elasticity by shape, and over recorded traces. */
function compareShapes(options: Options): void {
  const settings = poolOf(options);
  const shapes = SHAPES.map((shape) => closedIfAsked(shapeLoad(shape, shapeOf(options)), options));
  const traces = options.traces === undefined ? [] : tracesIn(atCaller(options.traces), options);
  const groups = [
    { name: "all shapes", loads: shapes },
    { name: "all traces", loads: traces },
  ];
  const { runs, rows } = compareRules(COMPARED_RULES, groups, settings);
  if (options.svg !== undefined) writeFileSync(atCaller(options.svg), chartOf(runs, COMPARED_RULES.length));
  process.stdout.write(options.json ? `${JSON.stringify({ settings, rows })}\n` : tableOf(rows));
}

/** The figures over days, then those of the queue rules. */
function compareDays(options: Options): void {
  const settings = poolOf(options);
  const days = options.days === undefined ? generatedDays(options.seed) : daysIn(atCaller(options.days));
  const figures = figuresOf(COMPARED_RULES, days, settings, showProgress);
  const queues = compareQueueRules({ ...QUEUE_DEFAULTS, seed: options.seed, bootSeconds: settings.bootSeconds });
  const names = days.map(({ name }) => name).join(", ");
  tell(options, { settings, figures, queues }, `Days: ${names}.\n\n${figuresTable(figures)}\n${queueTable(queues)}`);
}

/** Prints the figures; with `--out` they are also kept as a page of docs/results. */
function tell({ json, out }: Options, figures: object, tables: string): void {
  process.stdout.write(json ? `${JSON.stringify(figures)}\n` : tables);
  if (out === undefined) return;
  const asked = process.argv.slice(2).filter((word, index, words) => word !== "--out" && words[index - 1] !== "--out");
  // Folders by their last name: where they lie on this machine says nothing to a reader.
  const command = `npm run -s simulate --workspace autoscaler -- ${asked.map((word) => basename(word)).join(" ")}`;
  const page = `# In the simulator: ${asked[0] ?? ""}\n\nWritten by \`${command}\`; nothing is edited by hand. Rules and options: [the simulator](../../autoscaler/README.md#the-simulator).\n\n\`\`\`text\n${tables}\`\`\`\n`;
  writeFileSync(atCaller(out), page);
}

/** `0-300 s` late metrics and lost points, by rule. */
function late(options: Options): void {
  const settings = poolOf(options);
  const rows = measureLate(settings);
  tell(options, { settings, rows }, lateTable(rows));
}

/** Random policies at constant loads; the result is the same for the same seed. */
function stability(options: Options): void {
  const { cases, seed } = options;
  const count = countSettling({ cases, first: seed }, (done) => showProgress(done, cases));
  const rows = overshootRows();
  tell(options, { count, rows }, stabilityTable(count, rows));
}

/** One line that is written over, for whoever watches. */
function showProgress(done: number, of: number): void {
  if (!process.stderr.isTTY && done % Math.ceil(of / 20) !== 0) return;
  process.stderr.write(`${process.stderr.isTTY ? "\r" : ""}${done} of ${of}${process.stderr.isTTY ? "" : "\n"}`);
}

function generatedDays(seed: number): readonly Load[] {
  return DAY_KINDS.flatMap((kind) => [seed, seed + 1].map((each) => generatedDay(kind, each)));
}

/** A file's 1,000 requests a minute are one worker's worth. */
function daysIn(folder: string): readonly Load[] {
  return csvFilesIn(folder).map((name) => traceLoad(basename(name, ".csv"), readFileSync(join(folder, name), "utf8")));
}

function csvFilesIn(folder: string): readonly string[] {
  const names = readdirSync(folder)
    .filter((name) => name.endsWith(".csv"))
    .sort();
  if (names.length === 0) throw new Error(`No .csv file in ${folder}.`);
  return names;
}

function noise(options: Options): void {
  const { noise: share = NOISE_SHARE, minutes = NOISE_MINUTES, noiseShape = "even" } = options;
  const settings = poolOf({ ...options, noise: share, noiseShape });
  const rows = measureNoise(settings, { minutes });
  process.stdout.write(options.json ? `${JSON.stringify({ settings, rows })}\n` : noiseTable(rows));
}

/** The rules on requests and on a queue see what a balancer or a queue in front of the pool would report. */
function ruleOf({ policy, set, requestsPerWorker, responseMs, jobsPerWorker }: Options, load: Load): Rule {
  const rule = ruleNamed(policy, set);
  const idleResponseMs = responseMs ?? 60_000 / requestsPerWorker;
  if (policy === "requests") return withSignals(rule, () => answerSignals({ requestsPerWorker, idleResponseMs }));
  return policy === "queue" || policy === "queue-thresholds"
    ? withSignals(rule, () => queueSignals(load, jobsPerWorker, () => {}))
    : rule;
}

function readOptions(args: readonly string[]): { readonly options: Options; readonly command: Command } {
  const text = { type: "string" } as const;
  const { values, positionals } = parseCommandLine({
    args: [...args],
    allowPositionals: true,
    options: {
      policy: text,
      set: { type: "string", multiple: true },
      load: text,
      trace: text,
      traces: text,
      days: text,
      minutes: text,
      peak: text,
      min: text,
      max: text,
      start: text,
      boot: text,
      delay: text,
      period: text,
      lost: text,
      phase: text,
      drain: text,
      noise: text,
      "noise-shape": text,
      seed: text,
      cases: text,
      think: text,
      "requests-per-worker": text,
      "response-ms": text,
      "jobs-per-worker": text,
      out: text,
      json: { type: "boolean" },
      svg: text,
    },
  });
  const [word, ...others] = positionals;
  const command = word === undefined ? "run" : COMMANDS.find((known) => known === word);
  if (others.length > 0 || command === undefined) {
    throw new UsageError(
      `Unknown command "${positionals.join(" ")}"; there are only ${COMMANDS.slice(0, -1).join(", ")} and ${COMMANDS.at(-1)}.`,
    );
  }
  const named = Object.entries(values).map(([name, value]) => [camelCase(name), value]);
  const options = Options.safeParse(Object.fromEntries(named));
  if (!options.success) throw new UsageError(z.prettifyError(options.error));
  return { options: options.data, command };
}

function camelCase(option: string): string {
  return option.replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}

function shapeOf({ minutes = RUN_MINUTES, peak, seed }: Options): ShapeSettings {
  return { minutes, peak, seed };
}

/** With `--think` the load comes from clients that wait for their answers. */
function closedIfAsked(load: Load, { think, requestsPerWorker }: Options): Load {
  return think === undefined ? load : closedLoad(load, { thinkSeconds: think, serviceSeconds: 60 / requestsPerWorker });
}

function poolOf(options: Options): PoolSettings {
  const { min, max, start, boot, delay, drain, seed } = options;
  const { noise: share = POOL_DEFAULTS.noise, noiseShape = POOL_DEFAULTS.noiseShape } = options;
  if (min > max) throw new Error(`--min ${min} is above --max ${max}.`);
  return {
    min,
    max,
    start: Math.min(max, Math.max(min, start)),
    bootSeconds: boot,
    metricDelaySeconds: delay,
    metricPeriodSeconds: options.period,
    lostShare: options.lost,
    phaseSeconds: options.phase,
    drainSeconds: drain,
    noise: share,
    noiseShape,
    seed,
  };
}

function loadOf(options: Options): Load {
  return closedIfAsked(openLoadOf(options), options);
}

function openLoadOf(options: Options): Load {
  if (options.trace !== undefined) return traceFrom(atCaller(options.trace), options.peak);
  const shape = SHAPES.find((known) => known === options.load);
  if (shape !== undefined) return shapeLoad(shape, shapeOf(options));
  const level = Number(options.load);
  if (options.load.trim() !== "" && level >= 0) return constantLoad(level, options.minutes ?? RUN_MINUTES);
  throw new Error(`No load "${options.load}". There are: ${SHAPES.join(", ")}, and any number for a constant load.`);
}

function tracesIn(folder: string, options: Options): readonly Load[] {
  return csvFilesIn(folder).map((name) => closedIfAsked(traceFrom(join(folder, name), options.peak), options));
}

function traceFrom(path: string, peak: number): Load {
  return traceLoad(basename(path, ".csv"), readFileSync(path, "utf8"), peak);
}

/** npm runs a workspace's script in the workspace's folder, but people mean the folder where they are. */
function atCaller(path: string): string {
  return resolve(process.env.INIT_CWD ?? ".", path);
}
