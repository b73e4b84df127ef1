import { mkdirSync } from "node:fs";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Logger } from "@elastic-gas/shared/logger";
import { boundLog } from "../processes/console-log.ts";
import { type CpuAccount, EMPTY_ACCOUNT, takeAccount, totalTicks } from "../processes/cpu-account.ts";
import { consoleLogOf, launchSession } from "../processes/launch.ts";
import { TICKS_PER_SECOND } from "../processes/proc.ts";
import type { SessionTable } from "../processes/session-table.ts";
import type { QuotaEnforcer, QuotaSession } from "../quota/enforcer.ts";
import type { Ec2Settings } from "../settings.ts";
import { nextStep, type Step, terminate } from "./lifecycle.ts";
import { hasSession, type InstanceRecord, isAlive } from "./record.ts";
import type { InstanceStore } from "./store.ts";

const TICK_MILLISECONDS = 200;
/** A process in the middle of fork, setsid and exec can escape one look, not two. */
const EMPTY_MILLISECONDS = 40;
const CLEAN_UP_MILLISECONDS = 5000;

/** A client token is remembered at least this long, and with it the instance it launched. */
const MEMORY_SECONDS = 24 * 60 * 60;

export interface SupervisorOptions {
  readonly store: InstanceStore;
  readonly table: SessionTable;
  readonly enforcer: QuotaEnforcer;
  readonly settings: Ec2Settings;
  readonly log: Logger;
  readonly now: () => Date;
  /** Holds one folder per instance. */
  readonly folder: string;
  readonly owner: string;
  readonly vcpus: number;
  readonly environment: Readonly<Record<string, string>>;
  /** What `neverHealthy` of the faults runs in place of the user data; null: no such fault. */
  readonly scriptOf: (record: InstanceRecord) => string;
  readonly onEnded: (instanceId: string) => void;
}

/**
 * Carries the instances through their lives: looks at the processes, asks `nextStep` what is due, does it, writes it
 * down.
 */
export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #accounts = new Map<string, CpuAccount>();
  readonly #emptySince = new Map<string, number>();
  readonly #cleaning = new Set<string>();
  /** Percent of its CPU that an instance without CPU credits is held to. */
  readonly #baselines = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;
  #cleanedUpAt = 0;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    mkdirSync(options.folder, { recursive: true, mode: 0o700 });
  }

  /** Takes over what an earlier process left running, ends what nobody knows, and goes on from there. */
  start(): void {
    const { store, table } = this.#options;
    for (const record of store.list()) if (isAlive(record)) table.track(record.instanceId, record.leader);
    table.scan();
    this.#endStrays();
    for (const record of store.list()) this.#adopt(record);
    this.#applyQuotas();
    this.#tick();
  }

  /** Something changed: look now, not at the next tick. */
  wake(): void {
    if (this.#isClosed) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#tick(), 0);
  }

  /** Writes the new state down first; the processes are asked to end after that. */
  endProcesses(instanceId: string, changes: Partial<InstanceRecord>): InstanceRecord {
    const record = this.#options.store.update(instanceId, changes);
    this.#options.table.signal(instanceId, "SIGTERM");
    this.wake();
    return record;
  }

  hang(instanceId: string, hung: boolean): void {
    this.#options.store.update(instanceId, { hung });
    this.#applyQuotas(); // first, or an enforcer resumes what we stop
    this.#options.table.signal(instanceId, hung ? "SIGSTOP" : "SIGCONT");
  }

  /** Holds an instance to so many percent of its CPU; null: to all of it again. What is 100 % stays. */
  holdToBaseline(instanceId: string, percent: number | null): void {
    if (percent === null) this.#baselines.delete(instanceId);
    else this.#baselines.set(instanceId, percent);
    this.#applyQuotas();
  }

  folderOf(instanceId: string): string {
    return join(this.#options.folder, instanceId);
  }

  /**
   * CPU seconds since launch, of these instances as of now: a look back at the last tick would blur short metric
   * periods.
   */
  listUsedSeconds(instanceIds: readonly string[]): readonly number[] {
    this.#options.table.scan();
    return instanceIds.map((instanceId) => this.#usedSeconds(instanceId));
  }

  /** With `keepInstances` they run on and the next process adopts them; without, they are ended now. */
  async close(keepInstances: boolean): Promise<void> {
    const { store, settings, now } = this.#options;
    if (!keepInstances) {
      for (const record of store.list()) {
        const changes = terminate(record, settings.closeGraceSeconds, now());
        if (changes) this.endProcesses(record.instanceId, changes);
      }
      const deadline = performance.now() + (settings.closeGraceSeconds + 5) * 1000;
      while (store.list().some(isAlive) && performance.now() < deadline) {
        this.#look();
        await new Promise((resolve) => setTimeout(resolve, 25));
      }
    }
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  /** Processes of an instance that ended or that no record knows. */
  #endStrays(): void {
    const { table, log } = this.#options;
    for (const instanceId of table.listUntrackedKeys()) {
      log.warn({ instanceId }, "processes without an instance ended");
      table.track(instanceId, null);
      table.signal(instanceId, "SIGKILL");
      table.untrack(instanceId);
    }
  }

  #adopt(record: InstanceRecord): void {
    const { store, table, log } = this.#options;
    const members = table.members(record.instanceId);
    if (!isAlive(record)) {
      table.untrack(record.instanceId);
      return;
    }
    if (record.state === "pending" && members.length > 0) {
      // Killed between the script's start and its note.
      store.update(record.instanceId, { state: "running", startedAt: this.#options.now(), leader: null });
    }
    if (record.state === "shutting-down" || record.state === "stopping") table.signal(record.instanceId, "SIGTERM");
    if (members.length === 0) return;
    this.#options.enforcer.adopt(
      record.instanceId,
      members.map((stat) => stat.pid),
    );
    log.info({ instanceId: record.instanceId, processes: members.length }, "instance adopted");
  }

  #tick(): void {
    if (this.#isClosed) return;
    clearTimeout(this.#timer);
    try {
      this.#look();
    } catch (error) {
      this.#options.log.error({ err: error }, "instances could not be looked after");
    }
    this.#timer = setTimeout(() => this.#tick(), this.#emptySince.size > 0 ? EMPTY_MILLISECONDS : TICK_MILLISECONDS);
  }

  #look(): void {
    const { store, table, enforcer, settings, now } = this.#options;
    table.scan();
    for (const before of store.list()) {
      if (hasSession(before)) this.#account(before.instanceId);
      const step = nextStep(before, { processes: this.#countProcesses(before) }, settings, now());
      if (step) this.#perform(before, step);
    }
    enforcer.refresh(Date.now());
    this.#cleanUp();
  }

  #countProcesses(record: InstanceRecord): number {
    const count = this.#options.table.members(record.instanceId).length;
    if (count > 0 || !hasSession(record)) {
      this.#emptySince.delete(record.instanceId);
      return count;
    }
    const since = this.#emptySince.get(record.instanceId) ?? performance.now();
    this.#emptySince.set(record.instanceId, since);
    return performance.now() - since >= EMPTY_MILLISECONDS ? 0 : 1;
  }

  #perform(record: InstanceRecord, step: Step): void {
    const { store, table, enforcer, log } = this.#options;
    const { instanceId } = record;
    switch (step.kind) {
      case "launch":
        this.#launch(record);
        return;
      case "begin-shutdown":
        store.update(instanceId, step.changes);
        log.info({ instanceId }, "instance shuts itself down");
        this.wake();
        return;
      case "kill":
        table.signal(instanceId, "SIGKILL");
        this.wake();
        return;
      case "end":
        store.update(instanceId, step.changes);
        enforcer.release(instanceId);
        this.#accounts.delete(instanceId);
        this.#applyQuotas();
        log.info({ instanceId, state: step.changes.state }, "instance ended");
        if (step.changes.state === "terminated") {
          table.untrack(instanceId);
          this.#options.onEnded(instanceId);
        }
        return;
      case "clean-folder":
      case "remove-folder":
        void this.#clean(instanceId, step.kind === "remove-folder");
        return;
    }
  }

  #launch(record: InstanceRecord): void {
    const { store, table, enforcer, owner, log } = this.#options;
    const { instanceId } = record;
    try {
      const leader = launchSession({
        folder: this.folderOf(instanceId),
        marker: `${owner}/${instanceId}`,
        userData: this.#options.scriptOf(record),
        metadataEndpoint: `http://${record.privateIpAddress}:${record.metadataPort}`,
        joinFiles: enforcer.prepare(instanceId),
        // What is 100 % of an instance's CPU, its processes could not find out: the machine shows them all its cores.
        environment: { ...this.#options.environment, WORKER_VCPUS: String(this.#options.vcpus) },
        onExit: () => this.wake(),
      });
      store.update(instanceId, {
        state: "running",
        leader,
        startedAt: this.#options.now(),
        killsAt: null,
      });
      table.track(instanceId, leader);
      this.#applyQuotas();
      log.info({ instanceId, address: record.privateIpAddress }, "instance running");
    } catch (error) {
      log.error({ err: error, instanceId }, "instance could not be launched");
      store.update(instanceId, {
        state: "shutting-down",
        killsAt: this.#options.now(),
        stateReason: { code: "Server.InternalError", message: "Server.InternalError: Internal error on launch" },
        stateTransitionReason: "Server.InternalError",
      });
    }
    this.wake();
  }

  #applyQuotas(): void {
    const { store, enforcer, settings, vcpus } = this.#options;
    const sessions = store.list().flatMap((record): QuotaSession[] => {
      if (!hasSession(record) || record.startedAt === null) return [];
      const baseline = this.#baselines.get(record.instanceId);
      return [
        {
          instanceId: record.instanceId,
          leader: record.leader,
          vcpus: baseline === undefined ? vcpus : (vcpus * baseline) / 100,
          creditCpuSeconds: baseline === undefined ? settings.launchCreditCpuSeconds : 0,
          creditEndsAt: record.startedAt.getTime() + settings.launchCreditSeconds * 1000,
          hung: record.hung,
        },
      ];
    });
    enforcer.apply(sessions);
  }

  #account(instanceId: string): void {
    const stats = this.#options.table.listWithEnded(instanceId);
    this.#accounts.set(instanceId, takeAccount(this.#accounts.get(instanceId) ?? EMPTY_ACCOUNT, stats));
  }

  #usedSeconds(instanceId: string): number {
    const counted = this.#options.enforcer.readUsedSeconds(instanceId);
    if (counted !== undefined) return counted;
    this.#account(instanceId);
    return totalTicks(this.#accounts.get(instanceId) ?? EMPTY_ACCOUNT) / TICKS_PER_SECOND;
  }

  #cleanUp(): void {
    const { store, settings, now } = this.#options;
    if (performance.now() - this.#cleanedUpAt < CLEAN_UP_MILLISECONDS) return;
    this.#cleanedUpAt = performance.now();
    this.#endStrays();
    for (const { instanceId } of store.list().filter(hasSession)) {
      boundLog(consoleLogOf(this.folderOf(instanceId)), settings.consoleMaxBytes);
    }
    store.forgetBefore(new Date(now().getTime() - MEMORY_SECONDS * 1000));
  }

  /** In the background: a folder may hold an unpacked release. */
  async #clean(instanceId: string, withConsole: boolean): Promise<void> {
    const key = `${instanceId} ${withConsole}`;
    if (this.#cleaning.has(key)) return;
    this.#cleaning.add(key);
    const folder = this.folderOf(instanceId);
    try {
      if (withConsole) {
        await rm(folder, { recursive: true, force: true });
        if (!this.#isClosed) this.#options.store.update(instanceId, { folderRemoved: true });
        return;
      }
      const names = await readdir(folder).catch(() => []); // no folder: never booted
      for (const name of names) {
        if (name !== "console.log") await rm(join(folder, name), { recursive: true, force: true });
      }
    } catch (error) {
      this.#options.log.warn({ err: error, instanceId }, "instance folder could not be removed");
    }
  }
}
