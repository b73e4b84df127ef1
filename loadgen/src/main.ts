import { open, readFile, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { readCommandLine } from "@elastic-gas/shared/command-line";
import { type LoadArguments, POOL_OF, readArguments, USAGE } from "./arguments.ts";
import { readFolder, readOwnFiles } from "./files.ts";
import { runJob } from "./job.ts";
import type { Outcome } from "./outcome.ts";
import { type PoolSize, watchPoolSize } from "./pool-size.ts";
import { htmlReport } from "./report.ts";
import { runLoad } from "./run-load.ts";
import { parseTrace, type Rate, sendTimes, shapeRate, traceRate } from "./shapes.ts";
import { summarize } from "./summary.ts";
import { formatSummary, liveLine } from "./terminal.ts";
import { type LoadFile, register, type Timing, upload } from "./upload.ts";

const MAX_OPEN = 2_000;
/** npm runs scripts in the project's folder; paths are the caller's. */
const caller = process.env.INIT_CWD ?? process.cwd();

process.exitCode = await main();

async function main(): Promise<number> {
  const given = readCommandLine(USAGE, (args) => readArguments(args, process.env));
  try {
    return await run(given);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
    return 1;
  }
}

async function run(options: LoadArguments): Promise<number> {
  const { kind, folder } = options;
  // Before anything is sent: an hour of load without its report would be for nothing.
  const report = options.html === undefined ? undefined : resolve(caller, options.html);
  if (report !== undefined) await checkWritable(report);
  const rate = await rateOf(options);
  const files = await (folder === undefined ? readOwnFiles(kind) : readFolder(kind, resolve(caller, folder)));
  const ended = new AbortController();
  process.once("SIGINT", () => {
    process.stdout.write(
      "\nEnding: nothing more is sent; waiting for the answers still open. Press Ctrl-C again to quit at once.\n",
    );
    ended.abort();
    process.once("SIGINT", () => process.exit(130));
  });
  const gone = new AbortController(); // ends what still runs when the report is made
  const url = new URL(options.url);
  if (options.kind === "photos") await register(new URL("register", url), options, ended.signal);

  const startedAt = performance.now();
  const outcomes: Outcome[] = [];
  const sizes: PoolSize[] = [];
  const { managerToken: token, manager } = options;
  const watching =
    token === undefined
      ? Promise.resolve()
      : watchPoolSize({ manager, token, pool: POOL_OF[kind] }, { startedAt, signal: gone.signal }, (size) =>
          sizes.push(size),
        );
  const live = startLiveLine(() =>
    liveLine({
      outcomes,
      kind,
      size: sizes.at(-1),
      seconds: (performance.now() - startedAt) / 1000,
      count: options.count,
    }),
  );

  const timing = { startedAt, timeoutMs: options.timeout * 1000, signal: gone.signal };
  const load = await runLoad({
    times: sendTimes(rate, { count: options.count, maxSeconds: options.maxSeconds }),
    send: (index) => sendOne(options, files[index % files.length] ?? files[0], timing),
    maxOpen: MAX_OPEN,
    signal: ended.signal,
    onOutcome: (outcome) => outcomes.push(outcome),
  });
  live.stop();
  gone.abort();
  await watching;

  const summary = summarize(outcomes, load.seconds);
  process.stdout.write(formatSummary(summary, load, kind));
  if (report !== undefined) {
    await writeFile(report, htmlReport({ options, load, summary, outcomes, sizes, madeAt: new Date() }));
    process.stdout.write(`Report: ${report}\n`);
  }
  return summary.failed === 0 && load.notSent === 0 ? 0 : 1;
}

async function checkWritable(path: string): Promise<void> {
  try {
    await (await open(path, "a")).close();
  } catch (error) {
    throw new Error(`${path} cannot be written: ${error instanceof Error ? error.message : error}`, { cause: error });
  }
}

function sendOne(options: LoadArguments, file: LoadFile, timing: Timing): Promise<Outcome> {
  const url = new URL(options.url);
  return options.kind === "photos" ? upload(url, options, file, timing) : runJob(url, options.token, file, timing);
}

async function rateOf({ trace, shape, rate, period }: LoadArguments): Promise<Rate> {
  if (trace === undefined) return shapeRate(shape, rate, period);
  const path = resolve(caller, trace);
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    throw new Error(`${path} cannot be read: ${error instanceof Error ? error.message : error}`, { cause: error });
  });
  return traceRate(parseTrace(text), rate);
}

/** One line that is written over each second in a terminal, and a line each ten seconds elsewhere. */
function startLiveLine(line: () => string): { stop(): void } {
  const { isTTY } = process.stdout;
  const timer = setInterval(
    () => process.stdout.write(isTTY ? `\r\u001b[2K${line()}` : `${line()}\n`),
    isTTY ? 1_000 : 10_000,
  );
  return {
    stop() {
      clearInterval(timer);
      if (isTTY) process.stdout.write("\r\u001b[2K");
    },
  };
}
