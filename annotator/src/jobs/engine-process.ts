import { type ChildProcess, fork } from "node:child_process";
import { type EngineMessage, EngineReply, type EngineRequest } from "../engine/protocol.ts";
import { FAILURES } from "../vcf/failure.ts";
import {
  bareEnvironment,
  type EngineLimits,
  type EngineOutcome,
  killGroup,
  MESSAGE_CHARACTERS,
  unfinished,
} from "./run-command.ts";

const ENGINE_MAIN = new URL("../engine/main.ts", import.meta.url);
/** Together with buffers and code the process stays below 256 MB. */
const HEAP_LIMITS = ["--max-old-space-size=112", "--max-semi-space-size=4"];
/** An engine that has grown to this is replaced by a fresh one. */
const MAX_IDLE_BYTES = 180 * 2 ** 20;

interface Engine {
  readonly child: ChildProcess;
  /** The end of what it wrote to stderr. */
  said: string;
}

/**
 * The engine of this product in child processes. One waits, started and with its pack open, for the next file: a small
 * file takes less time than starting a process. It serves one file at a time and is replaced when it had to be ended or
 * has grown.
 */
export class EngineProcesses {
  readonly #packDirectory: string | null;
  #idle: Engine | null = null;
  #isClosed = false;

  constructor(packDirectory: string | null) {
    this.#packDirectory = packDirectory;
  }

  /** Starts an engine for the next file. */
  prepare(): void {
    this.#idle ??= this.#start();
  }

  /** Process id of the engine that waits. */
  get pid(): number | undefined {
    return this.#idle?.child.pid;
  }

  /** Annotates one file. The process is ended after the timeout or when the signal aborts. */
  async run(request: EngineRequest, limits: EngineLimits): Promise<EngineOutcome> {
    const engine = this.#idle ?? this.#start();
    this.#idle = null;
    const reply = await ask(engine, request, limits);
    if (reply.kind === "ended") {
      killGroup(engine.child);
      return reply.outcome;
    }
    const { rssBytes, ...outcome } = reply;
    if (rssBytes > MAX_IDLE_BYTES || this.#idle !== null || this.#isClosed) killGroup(engine.child);
    else this.#idle = engine;
    return outcome;
  }

  [Symbol.dispose](): void {
    this.#isClosed = true;
    if (this.#idle !== null) killGroup(this.#idle.child);
    this.#idle = null;
  }

  #start(): Engine {
    const child = fork(ENGINE_MAIN, {
      stdio: ["ignore", "ignore", "pipe", "ipc"],
      env: bareEnvironment(),
      execArgv: ["--enable-source-maps", ...HEAP_LIMITS],
      detached: true,
    });
    const engine: Engine = { child, said: "" };
    child.stderr?.on("data", (chunk: Buffer) => {
      engine.said = (engine.said + chunk.toString("utf8")).slice(-MESSAGE_CHARACTERS);
    });
    // A child that cannot start, or ends while it waits, is replaced by the next run.
    child.on("error", () => undefined);
    child.once("exit", () => {
      if (this.#idle === engine) this.#idle = null;
    });
    tell(child, { kind: "prepare", packDirectory: this.#packDirectory });
    return engine;
  }
}

type Answer =
  | Extract<EngineReply, { kind: "done" | "failed" }>
  | { readonly kind: "ended"; readonly outcome: EngineOutcome };

/**
 * Sends a request and waits for its answer, or for the end of the process, which it brings about when the time is up.
 */
function ask(engine: Engine, request: EngineRequest, limits: EngineLimits): Promise<Answer> {
  const { child } = engine;
  const { signal, timeoutSeconds, onProgress } = limits;
  let reason: "exited" | "timeout" | "stopped" = "exited";
  const end = (why: typeof reason) => {
    reason = why;
    killGroup(child);
  };
  const onStop = () => end("stopped");
  const timer = setTimeout(() => end("timeout"), timeoutSeconds * 1_000);
  signal.addEventListener("abort", onStop);
  return new Promise<Answer>((resolve) => {
    const onMessage = (message: unknown) => {
      const reply = EngineReply.parse(message);
      if (reply.kind === "progress") onProgress?.(reply);
      else resolve(reply);
    };
    child.on("message", onMessage);
    child.once("error", (error) => resolve({ kind: "ended", outcome: { kind: "crashed", detail: String(error) } }));
    child.once("close", (code) => {
      const outcome =
        reason === "exited" && /heap out of memory/i.test(engine.said)
          ? ({ kind: "failed", sentence: FAILURES.memory } as const)
          : unfinished({ reason, code, detail: engine.said }, limits);
      resolve({ kind: "ended", outcome });
    });
    if (signal.aborted) onStop();
    tell(child, request);
  }).finally(() => {
    clearTimeout(timer);
    signal.removeEventListener("abort", onStop);
    child.removeAllListeners("message");
    child.removeAllListeners("close");
  });
}

function tell(child: ChildProcess, message: EngineMessage): void {
  // A child that has already ended is reported by its exit.
  child.send(message, () => undefined);
}
