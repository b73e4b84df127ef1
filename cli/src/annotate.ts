import { constants, createWriteStream, readFileSync } from "node:fs";
import { access, rename, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { pipeline } from "node:stream/promises";
import { setTimeout as pause } from "node:timers/promises";
import { z } from "zod";
import { readArguments, USAGE, UsageError } from "./arguments.ts";
import { CallFailed, openResult, readLog, readStatus, type Service, type Status, submitFile } from "./service.ts";

export interface Surroundings {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly out: (text: string | Uint8Array) => void;
  readonly err: (text: string) => void;
  readonly signal: AbortSignal;
  /** Milliseconds between two questions for the status. */
  readonly pollMs?: number;
}

const POLL_MS = 1_000;

/** `annotate FILE`: exit code 0: done; 1: refused or failed; 2: usage error. */
export async function annotate(args: readonly string[], surroundings: Surroundings): Promise<0 | 1 | 2> {
  const { environment, out, err, signal, pollMs = POLL_MS } = surroundings;
  try {
    const given = readArguments(args, environment, (path) => readFileSync(path, "utf8"));
    if (given === null) {
      out(USAGE);
      return 0;
    }
    const service: Service = { url: given.url, token: given.token, signal, retryMs: pollMs };
    if (given.log !== undefined) {
      out(await readLog(service, given.log));
      return 0;
    }
    if (given.output !== undefined) await checkOutput(given.output, given.file);
    const { id, status, build, statusUrl } = await submitFile(service, given);
    if (!given.wait) {
      out(given.json ? `${JSON.stringify({ id, status, build, statusUrl })}\n` : `${id}\n`);
      return 0;
    }
    err(`Job ${id}\n`);
    const ended = await waitForEnd(service, statusUrl, { limitMs: given.timeoutSeconds * 1_000, pollMs, err });
    if (given.json) out(`${JSON.stringify(ended, null, 2)}\n`);
    if (ended.status === "FAILED") throw new CallFailed(ended.failure ?? "The annotation failed.");
    if (given.output !== undefined) await saveResult(service, ended, { path: given.output, out });
    else if (!given.json) out(`${id}\n`);
    return 0;
  } catch (error) {
    if (error instanceof UsageError) {
      err(`${error.message}\n\n${USAGE}`);
      return 2;
    }
    if (signal.aborted) {
      err("Stopped. A job that was sent goes on; its page can cancel it.\n");
      return 1;
    }
    if (error instanceof CallFailed) {
      err(`${error.message}\n`);
      return 1;
    }
    if (error instanceof z.ZodError) {
      err(
        `The service's answer has a form that this command does not know; use the command of the same release:\n${z.prettifyError(error)}\n`,
      );
      return 1;
    }
    throw error;
  }
}

async function waitForEnd(
  service: Service,
  statusUrl: string,
  { limitMs, pollMs, err }: { readonly limitMs: number; readonly pollMs: number; readonly err: (text: string) => void },
): Promise<Status> {
  const until = performance.now() + limitMs;
  let told = "";
  for (;;) {
    const status = await readStatus(service, statusUrl);
    const words = describe(status);
    if (words !== told) err(`${words}\n`);
    told = words;
    if (status.status === "COMPLETED" || status.status === "FAILED") return status;
    if (performance.now() >= until)
      throw new CallFailed(`Not finished within ${limitMs / 1_000} s. The job goes on: ${statusUrl}`);
    await pause(pollMs, undefined, { signal: service.signal });
  }
}

function describe({ status, place, progressPercent }: Status): string {
  if (status === "PENDING" && place !== null) return `waiting, place ${place}`;
  if (status === "RUNNING" && progressPercent !== null) return `running, ${progressPercent} %`;
  return { PENDING: "waiting", RUNNING: "running", COMPLETED: "completed", FAILED: "failed" }[status];
}

/** Before anything is sent: a result that cannot be written is of no use, and one over its own file would lose that. */
async function checkOutput(output: string, file: string): Promise<void> {
  if (output === "-") return;
  const there = await stat(output).catch(() => undefined);
  const own = await stat(file).catch(() => undefined);
  if (there !== undefined && there.ino === own?.ino && there.dev === own.dev)
    throw new CallFailed(`${output} is the file itself. Give another name, or the file would be lost.`);
  if (there?.isDirectory()) throw new CallFailed(`${output} is a folder. Give the name of a file.`);
  await access(dirname(output), constants.W_OK).catch((error: unknown) => {
    throw cannotWrite(output, error);
  });
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "there is no such folder",
  EACCES: "its folder is not yours to write to",
  EROFS: "its file system is read-only",
};

function cannotWrite(path: string, error: unknown): CallFailed {
  const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
  return new CallFailed(`${path} cannot be written (${REASONS[code] ?? code}).`);
}

/** Writes under another name first: what has the name is whole. */
async function saveResult(
  service: Service,
  { resultUrl }: Status,
  { path, out }: { readonly path: string; readonly out: Surroundings["out"] },
): Promise<void> {
  if (resultUrl === null) throw new CallFailed("The result cannot be downloaded any more.");
  const result = await openResult(service, resultUrl);
  if (path === "-") {
    for await (const chunk of result) out(chunk as Uint8Array); // a byte stream gives bytes
    return;
  }
  const part = `${path}.part`;
  try {
    await pipeline(result, createWriteStream(part), { signal: service.signal });
    await rename(part, path);
  } catch (error) {
    await rm(part, { force: true });
    if (error instanceof Error && "syscall" in error) throw cannotWrite(path, error);
    throw error;
  }
}
