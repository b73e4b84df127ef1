import { type ChildProcess, spawn } from "node:child_process";
import { access, rename, writeFile } from "node:fs/promises";
import type { JobSummary } from "@elastic-gas/shared/jobs/summary";
import type { EngineRequest } from "../engine/protocol.ts";
import { timedOut } from "../vcf/failure.ts";

/**
 * How a run of an engine ended. `failed` is the file's fault or its owner's concern, `crashed` ours, `stopped` asked
 * for by `signal`. `log`: as far as it came, where that is more than the last progress told.
 */
export type EngineOutcome =
  | { readonly kind: "done"; readonly summary: JobSummary | null }
  | { readonly kind: "failed"; readonly sentence: string; readonly log?: string }
  | { readonly kind: "crashed"; readonly detail: string }
  | { readonly kind: "stopped" };

/** How far a run is. */
export interface Progress {
  /** 0 to 100; undefined where nobody knows. */
  readonly percent?: number;
  /** The log so far. */
  readonly log: string;
}

export interface EngineLimits {
  readonly timeoutSeconds: number;
  readonly signal: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
}

export const MESSAGE_CHARACTERS = 2_000;
/** Of what a command without a log of its own says, the end is its log. */
const LOG_CHARACTERS = 1_048_576;

/**
 * Runs another annotator, given as an argv template in which `{input}`, `{output}`, `{log}`, `{directory}` and
 * `{build}` stand for paths and the chosen build. Its result may also appear as AnnTools names it, beside the input:
 * `<name>.annot.vcf` and `<name>.vcf.count.log`.
 */
export async function runCommand(
  template: readonly string[],
  request: EngineRequest,
  limits: EngineLimits,
): Promise<EngineOutcome> {
  const values: Readonly<Record<string, string>> = {
    input: request.inputPath,
    output: request.outputPath,
    log: request.logPath,
    directory: request.workDirectory,
    build: request.build ?? "",
  };
  const [command = "", ...args] = template.map((word) =>
    word.replaceAll(/\{(\w+)\}/g, (all, name: string) => values[name] ?? all),
  );
  const child = spawn(command, args, {
    cwd: request.workDirectory,
    stdio: ["ignore", "pipe", "pipe"],
    env: bareEnvironment(),
    detached: true,
  });
  let said = "";
  // Decoded as a stream, for a chunk may end inside a character.
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    said = (said + text).slice(-LOG_CHARACTERS);
    limits.onProgress?.({ log: said });
  });
  const ending = await endOf(child, limits);
  if (ending.reason !== "exited" || ending.code !== 0) return unfinished(ending, limits);
  const base = request.inputPath.replace(/\.vcf$/, "");
  await adopt(`${base}.annot.vcf`, request.outputPath);
  await adopt(`${base}.vcf.count.log`, request.logPath);
  if (!(await exists(request.outputPath)))
    return { kind: "crashed", detail: "The command ended well but wrote no result." };
  if (!(await exists(request.logPath)))
    await writeFile(request.logPath, said === "" ? "The annotation command wrote no log.\n" : said);
  return { kind: "done", summary: null };
}

interface Ending {
  readonly reason: "exited" | "timeout" | "stopped";
  readonly code: number | null;
  readonly detail: string;
}

/**
 * Waits for a child's end and brings it about when the time is up. Children are leaders of a process group, so what
 * they started ends with them.
 */
async function endOf(child: ChildProcess, { timeoutSeconds, signal }: EngineLimits): Promise<Ending> {
  let reason: Ending["reason"] = "exited";
  let said = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    said = (said + chunk.toString("utf8")).slice(-MESSAGE_CHARACTERS);
  });
  const end = (why: Ending["reason"]) => {
    reason = why;
    killGroup(child);
  };
  const stop = () => end("stopped");
  const timer = setTimeout(() => end("timeout"), timeoutSeconds * 1_000);
  signal.addEventListener("abort", stop);
  if (signal.aborted) stop();
  const code = await new Promise<number | null>((resolve) => {
    child.once("error", (error) => {
      said = String(error);
      resolve(null);
    });
    child.once("close", (exitCode) => resolve(exitCode));
  });
  clearTimeout(timer);
  signal.removeEventListener("abort", stop);
  return { reason, code, detail: said };
}

export function unfinished(
  { reason, code, detail }: Ending,
  { timeoutSeconds }: Pick<EngineLimits, "timeoutSeconds">,
): EngineOutcome {
  switch (reason) {
    case "stopped":
      return { kind: "stopped" };
    case "timeout":
      return { kind: "failed", sentence: timedOut(timeoutSeconds) };
    case "exited":
      return { kind: "crashed", detail: `exit code ${code}: ${detail}` };
  }
}

export function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    // ESRCH: it has ended by itself
  }
}

/** No settings, keys or passwords of the worker reach an engine. */
export function bareEnvironment(): NodeJS.ProcessEnv {
  const { PATH, HOME, TMPDIR, LANG } = process.env;
  return { PATH, HOME, TMPDIR, LANG, NODE_NO_WARNINGS: "1" };
}

async function adopt(from: string, to: string): Promise<void> {
  if (from !== to && !(await exists(to)) && (await exists(from))) await rename(from, to);
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
