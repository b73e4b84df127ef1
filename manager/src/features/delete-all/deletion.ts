import { audit } from "@elastic-gas/shared/accounts/audit";
import { DELETION_SETTING } from "@elastic-gas/shared/database/tables";
import type { Logger } from "@elastic-gas/shared/logger";
import { type DeletionProgress, LAST_DELETION_SETTING, readDeletion } from "../../read/deletion-progress.ts";
import { claimSetting, removeSetting, writeSetting } from "../settings.ts";
import { type Deleted, type DeletionDeps, deleteEverything } from "./delete-everything.ts";

export interface Deletion {
  /** Starts it in the background; false when one runs already. */
  start(request: { readonly by: string; readonly total: number }): Promise<boolean>;
  /** Goes on with one that a restart cut. */
  resume(): Promise<void>;
  /** Resolves when nothing runs. */
  idle(): Promise<void>;
}

export interface DeletionOptions extends DeletionDeps {
  readonly log: Logger;
  readonly now: () => number;
}

/** Deletes all data, one at a time; its progress lies in table settings, so that it survives a reload and a restart. */
export function createDeletion(options: DeletionOptions): Deletion {
  const { db, log, now } = options;
  let running: Promise<void> = Promise.resolve();

  const run = async (first: DeletionProgress): Promise<void> => {
    const deleted: Deleted = { rows: 0, objects: 0 };
    let failure: string | null = null;
    try {
      await deleteEverything(options, deleted, (doing) => {
        const progress = { ...first, doing, deleted: first.deleted + deleted.rows + deleted.objects };
        return writeSetting(db, DELETION_SETTING, JSON.stringify(progress));
      });
    } catch (error) {
      log.error({ err: error }, "deletion stopped half-way");
      failure =
        `${error instanceof Error ? error.message : "Unknown failure"} Deleting again removes what is left.`.slice(
          0,
          600,
        );
    }
    await writeSetting(
      db,
      LAST_DELETION_SETTING,
      JSON.stringify({ by: first.by, at: now(), rows: deleted.rows, objects: deleted.objects, failure }),
    );
    await removeSetting(db, DELETION_SETTING);
    const detail = `${deleted.rows} rows, ${deleted.objects} objects${failure === null ? "" : `; ${failure}`}`;
    await audit(db, { actor: first.by, action: failure === null ? "data.deleted" : "data.delete-failed", detail });
    log.info({ ...deleted, failed: failure !== null }, "deletion ended");
  };
  const begin = (progress: DeletionProgress): void => {
    // Failures of the work itself are recorded; this one is MySQL's, and a restart goes on.
    running = run(progress).catch((error: unknown) => log.error({ err: error }, "deletion could not be recorded"));
  };

  return {
    async start({ by, total }) {
      const progress: DeletionProgress = { by, at: now(), total, deleted: 0, doing: "Starting" };
      if (!(await claimSetting(db, DELETION_SETTING, JSON.stringify(progress)))) return false;
      begin(progress);
      return true;
    },
    async resume() {
      const progress = await readDeletion(db);
      if (progress === null) return;
      log.info({ by: progress.by }, "going on with a deletion");
      begin(progress);
    },
    idle: () => running,
  };
}
