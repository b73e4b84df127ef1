import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Logger } from "@elastic-gas/shared/logger";
import { sendSignal } from "../processes/proc.ts";
import { SessionTable } from "../processes/session-table.ts";
import type { QuotaEnforcer, QuotaSession } from "./enforcer.ts";
import type { PauserOrder } from "./pauser-protocol.ts";

const MAIN = fileURLToPath(new URL("./pauser-main.ts", import.meta.url));

/** A pauser that ends at once must not be started in a circle. */
const RESTART_MILLISECONDS = 200;

/** Holds quotas where no cgroup can be had, by a process that stops and continues the instances' processes. */
export class PauserEnforcer implements QuotaEnforcer {
  readonly kind = "pauser";
  readonly #owner: string;
  readonly #log: Logger;
  #sessions: readonly QuotaSession[] = [];
  #child: ChildProcess | undefined;
  #restart: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(owner: string, log: Logger) {
    this.#owner = owner;
    this.#log = log;
    this.#start();
  }

  /** Of the pauser's process; undefined while it is being started again. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  prepare(): readonly string[] {
    return [];
  }

  adopt(): void {
    // A pauser finds processes by itself.
  }

  apply(sessions: readonly QuotaSession[]): void {
    this.#sessions = sessions;
    this.#send();
  }

  refresh(): void {
    // The pauser looks at credits itself.
  }

  readUsedSeconds(): undefined {
    return undefined;
  }

  release(): void {
    // `apply` without the instance says it.
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#restart);
    const child = this.#child;
    if (!child) return;
    const closed = once(child, "close");
    child.ref(); // or the event loop may run dry before it is gone
    child.stdin?.end();
    await closed;
  }

  #start(): void {
    const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", "--enable-source-maps", MAIN], {
      stdio: ["pipe", "ignore", "inherit"],
      detached: true, // Ctrl-C is for the parent, which closes us in its turn
      env: {},
    });
    this.#child = child;
    child.stdin.on("error", () => undefined); // its end is noticed below
    child.on("error", (error) => this.#log.error({ err: error }, "pauser could not be started"));
    child.on("close", () => this.#onClose());
    child.unref();
    this.#send();
  }

  #onClose(): void {
    this.#child = undefined;
    if (this.#isClosed) return;
    this.#resumeAll();
    this.#log.warn("pauser ended; everything resumed, starting another");
    this.#restart = setTimeout(() => this.#start(), RESTART_MILLISECONDS);
  }

  #send(): void {
    const order: PauserOrder = { owner: this.#owner, sessions: [...this.#sessions] };
    this.#child?.stdin?.write(`${JSON.stringify(order)}\n`);
  }

  #resumeAll(): void {
    const table = new SessionTable(this.#owner);
    for (const session of this.#sessions) table.track(session.instanceId, session.leader);
    table.scan();
    for (const { instanceId, hung } of this.#sessions) {
      if (!hung) for (const { pid } of table.members(instanceId)) sendSignal(pid, "SIGCONT");
    }
  }
}
