import { setTimeout as sleep } from "node:timers/promises";
import { audit } from "@elastic-gas/shared/audit";
import { DELETION_SETTING } from "@elastic-gas/shared/database/tables";
import type { Logger } from "@elastic-gas/shared/logger";
import { messageOf, transientDelay } from "@elastic-gas/shared/reliability/after-failure";
import { isTransient } from "@elastic-gas/shared/reliability/transient";
import { type DeletionProgress, LAST_DELETION_SETTING, readDeletion } from "../../read/deletion-progress.ts";
import { claimSetting, removeSetting, writeSetting } from "../settings.ts";
import { type Deleted, type DeletionDeps, deleteEverything } from "./delete-everything.ts";

export interface Deletion {
  /** Starts it in the background; false when one runs already. */
  start(request: { readonly by: string; readonly total: number }): Promise<boolean>;
  /**
   * Goes on with one that a restart, or an answer of the database that was lost, left to nobody. To be called now and
   * then.
   */
  resume(): Promise<void>;
  /** Resolves when nothing runs. */
  idle(): Promise<void>;
}

export interface DeletionOptions extends DeletionDeps {
  readonly log: Logger;
  readonly now: () => number;
  /** Longest pause before what was interrupted is tried again. */
  readonly longestRetrySeconds?: number;
}

const LONGEST_RETRY_SECONDS = 30;
const MAX_DOING = 300; // a setting holds 1,000 characters

/**
 * Deletes all data, one at a time; its progress lies in table settings, so that it survives a reload and a restart.
 * While the database or a service is away it waits and goes on; only a failure that does not pass ends it half-way.
 */
export function createDeletion(options: DeletionOptions): Deletion {
  const { db, log, now, longestRetrySeconds = LONGEST_RETRY_SECONDS } = options;
  let running: Promise<void> = Promise.resolve();

  /** Repeats the work for as long as its failures pass. */
  const persist = async (work: () => Promise<void>, onWait?: (why: string) => Promise<void>): Promise<void> => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await work();
      } catch (error) {
        if (!isTransient(error)) throw error;
        const seconds = transientDelay(attempt, Math.random(), longestRetrySeconds);
        log.warn({ err: error, seconds }, "deletion interrupted, goes on");
        // Where the database is away itself, the page shows what was done last.
        await onWait?.(`Interrupted (${messageOf(error)}), goes on by itself`).catch(() => {});
        await sleep(seconds * 1_000, undefined, { ref: false });
      }
    }
  };

  const run = async (first: DeletionProgress): Promise<void> => {
    const deleted: Deleted = { rows: first.rows, objects: first.objects };
    const report = (text: string) => {
      const doing = text.slice(0, MAX_DOING);
      const progress: DeletionProgress = { ...first, ...deleted, deleted: deleted.rows + deleted.objects, doing };
      return writeSetting(db, DELETION_SETTING, JSON.stringify(progress));
    };
    let failure: string | null = null;
    try {
      await persist(() => deleteEverything(options, deleted, report), report);
    } catch (error) {
      log.error({ err: error }, "deletion stopped half-way");
      failure = `${messageOf(error)} Deleting again removes what is left.`.slice(0, 600);
    }
    await persist(() => record(first.by, deleted, failure));
    log.info({ ...deleted, failed: failure !== null }, "deletion ended");
  };

  /** Together, so that a crash leaves a deletion that goes on or one that has ended. */
  const record = (by: string, deleted: Deleted, failure: string | null): Promise<void> =>
    db.transaction().execute(async (trx) => {
      await writeSetting(trx, LAST_DELETION_SETTING, JSON.stringify({ by, at: now(), ...deleted, failure }));
      await removeSetting(trx, DELETION_SETTING);
      const detail = `${deleted.rows} rows, ${deleted.objects} objects${failure === null ? "" : `; ${failure}`}`;
      await audit(trx, { actor: by, action: failure === null ? "data.deleted" : "data.delete-failed", detail });
    });

  let isRunning = false;
  const begin = (progress: DeletionProgress): void => {
    if (isRunning) return;
    isRunning = true;
    running = run(progress)
      .catch((error: unknown) => log.error({ err: error }, "deletion could not be recorded"))
      .finally(() => {
        isRunning = false;
      });
  };

  return {
    async start({ by, total }) {
      const progress: DeletionProgress = { by, at: now(), total, deleted: 0, rows: 0, objects: 0, doing: "Starting" };
      if (!(await claimSetting(db, DELETION_SETTING, JSON.stringify(progress)))) return false;
      begin(progress);
      return true;
    },
    async resume() {
      if (isRunning) return;
      const progress = await readDeletion(db);
      if (progress === null) return;
      log.info({ by: progress.by }, "going on with a deletion");
      begin(progress);
    },
    idle: () => running,
  };
}
