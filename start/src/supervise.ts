import { type ChildProcess, spawn } from "node:child_process";
import { mkdir, open } from "node:fs/promises";
import { dirname } from "node:path";
import type { Logger } from "@elastic-gas/shared/logger";
import { pause } from "@elastic-gas/shared/shutdown";
import { type HealthCheck, watchHealth } from "./watch-health.ts";

export interface Part {
  readonly name: string;
  /** Makes the process, in a process group of its own so that a Ctrl-C in the terminal reaches only the supervisor. */
  readonly start: () => Promise<ChildProcess>;
  /** Resolves when the part does its work; rejects when it cannot come up. */
  readonly ready: (child: ChildProcess, signal: AbortSignal) => Promise<void>;
  /** Asked from when the part is up; a part that hangs is killed and started again. */
  readonly health?: HealthCheck;
  /** Longest time between SIGTERM and SIGKILL, in milliseconds. */
  readonly stopMs: number;
}

export type PartState = "starting" | "up" | "down" | "ended";

export interface SuperviseOptions {
  readonly log: Logger;
  readonly onState?: (name: string, state: PartState, detail: string) => void;
  /** Told of each process, so that a successor can find it should this one be killed. */
  readonly onPid?: (name: string, pid: number | undefined) => Promise<void>;
  /** True: an exit with code 0 ends the part for good (the manager after "stop"); else it is started again. */
  readonly mayEnd?: (name: string) => boolean;
}

export interface Supervised {
  /** Resolves when the part is up for the first time; rejects when it could not come up. */
  readonly up: Promise<void>;
  /** Resolves when the part has ended for good. */
  readonly ended: Promise<void>;
  /** SIGTERM, then SIGKILL after the part's time; resolves when the process is gone. */
  stop(): Promise<void>;
}

const FIRST_RESTART_MS = 200;
const LONGEST_RESTART_MS = 10_000;
/** A part that ran this long had a good start: the next restart is quick again. */
const GOOD_RUN_MS = 30_000;
/** That a part hangs is known only after a while, so other times apply. */
const FIRST_HANG_RESTART_MS = 1_000;
const LONGEST_HANG_RESTART_MS = 300_000;
const GOOD_RUN_BEFORE_HANG_MS = 600_000;

/**
 * Keeps one part running: starts it, waits until it is ready, starts it again when it dies, or when it no longer
 * answers, with a growing pause between quick deaths.
 */
export function supervise(part: Part, { log, onState, onPid, mayEnd }: SuperviseOptions): Supervised {
  const stopping = new AbortController();
  const { promise: up, resolve: isUp, reject: cannotComeUp } = Promise.withResolvers<void>();
  up.catch(() => {}); // whoever needs it awaits it; a stop before that is no unhandled rejection
  let current: ChildProcess | undefined;

  /** A full disk costs the record of a process, never the part. */
  const remember = async (pid: number | undefined): Promise<void> => {
    try {
      await onPid?.(part.name, pid);
    } catch (error) {
      log.warn({ name: part.name, err: error }, "process not written down");
    }
  };

  const runOnce = async (): Promise<"died" | "hung" | "over"> => {
    onState?.(part.name, "starting", "");
    const child = await part.start();
    current = child;
    const gone = new Promise<string>((resolve) => {
      child.once("error", (error) => resolve(error.message));
      child.once("exit", (code, signal) => resolve(signal ?? `exit code ${code}`));
    });
    await remember(child.pid);
    const over = new AbortController();
    let hang: string | undefined;
    const watch = async (): Promise<void> => {
      if (part.health === undefined) return;
      hang = await watchHealth(part.health, AbortSignal.any([over.signal, stopping.signal]));
      if (hang === undefined) return;
      log.error({ name: part.name, why: hang }, "part hangs, killed");
      child.kill("SIGKILL");
    };
    let watching: Promise<void> = Promise.resolve();
    const readiness = part.ready(child, stopping.signal).then(
      () => {
        onState?.(part.name, "up", "");
        isUp();
        watching = watch();
      },
      (error: unknown) => {
        if (stopping.signal.aborted) return;
        log.error({ name: part.name, err: error }, "part did not come up");
        cannotComeUp(error);
        child.kill("SIGKILL");
      },
    );
    const how = await gone;
    await readiness;
    over.abort();
    await watching;
    await remember(undefined);
    if (stopping.signal.aborted) return "over";
    if (how === "exit code 0" && mayEnd?.(part.name) === true) return "over";
    onState?.(part.name, "down", hang ?? how);
    log.warn({ name: part.name, how, hang }, "part died, started again");
    return hang === undefined ? "died" : "hung";
  };

  const ended = (async () => {
    let restartMs = FIRST_RESTART_MS;
    let hangMs = FIRST_HANG_RESTART_MS;
    while (!stopping.signal.aborted) {
      const startedAt = Date.now();
      try {
        const end = await runOnce();
        if (end === "over") break;
        if (end === "hung") {
          const ranMs = Date.now() - startedAt;
          hangMs =
            ranMs > GOOD_RUN_BEFORE_HANG_MS ? FIRST_HANG_RESTART_MS : Math.min(LONGEST_HANG_RESTART_MS, hangMs * 2);
          await pause(hangMs, stopping.signal);
          continue;
        }
      } catch (error) {
        log.error({ name: part.name, err: error }, "part could not be started");
        cannotComeUp(error);
      }
      restartMs = Date.now() - startedAt > GOOD_RUN_MS ? FIRST_RESTART_MS : Math.min(LONGEST_RESTART_MS, restartMs * 2);
      await pause(restartMs, stopping.signal);
    }
    onState?.(part.name, "ended", "");
  })();

  return {
    up,
    ended,
    async stop() {
      stopping.abort();
      const child = current;
      if (child !== undefined && child.exitCode === null && child.signalCode === null) {
        child.kill("SIGTERM");
        const timer = setTimeout(() => child.kill("SIGKILL"), part.stopMs);
        await ended;
        clearTimeout(timer);
      }
      await ended;
    },
  };
}

export interface NodeProcess {
  /** Options of Node and the file that it runs, a path from the project's root. */
  readonly command: readonly string[];
  readonly root: string;
  readonly environment: NodeJS.ProcessEnv;
  /** The log file; undefined: this process's own output. */
  readonly logFile: string | undefined;
  readonly detached?: boolean;
}

/** Starts a program with the Node that runs this process. */
export async function spawnNode({
  command,
  root,
  environment,
  logFile,
  detached = true,
}: NodeProcess): Promise<ChildProcess> {
  const log = logFile === undefined ? undefined : await openLog(logFile);
  const output = logFile === undefined ? "inherit" : (log?.fd ?? "ignore");
  const child = spawn(process.execPath, command, {
    cwd: root,
    env: environment,
    detached,
    stdio: ["ignore", output, output],
  });
  await log?.close();
  return child;
}

/** Undefined when there is no room for it: a part without a log is better than no part. */
async function openLog(path: string) {
  try {
    await mkdir(dirname(path), { recursive: true });
    return await open(path, "a", 0o600);
  } catch {
    return undefined;
  }
}
