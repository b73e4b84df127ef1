import { join } from "node:path";
import type { Logger } from "@elastic-gas/shared/logger";
import { BlobStore } from "../storage/blob-store.ts";
import type { Disk } from "../storage/disk.ts";
import { archiveOperations } from "./archives.ts";
import type { GlacierContext } from "./context.ts";
import { openDatabase } from "./database.ts";
import { initiateJobOperation } from "./initiate-job.ts";
import { JobStore } from "./job-store.ts";
import { jobOperations } from "./jobs.ts";
import { multipartOperations } from "./multipart.ts";
import { DEFAULT_GLACIER_SETTINGS, type GlacierSettings } from "./settings.ts";
import { UploadStore } from "./upload-store.ts";
import { VaultStore } from "./vault-store.ts";
import { vaultOperations } from "./vaults.ts";

export interface GlacierOptions {
  /** The service makes its own folder `glacier` in it. */
  readonly dataDir: string;
  readonly disk: Pick<Disk, "checkRoom">;
  readonly log: Logger;
  readonly now?: () => Date;
  readonly expeditedCapacity?: number;
  readonly failingRetrievals?: number;
  readonly retrievalSeconds?: Partial<GlacierSettings["retrievalSeconds"]>;
}

export type GlacierService = ReturnType<typeof createGlacierService>;

/**
 * Vaults on disk. What is acknowledged has been written, synced and committed; retrievals take the time that the
 * settings say.
 */
export function createGlacierService(options: GlacierOptions) {
  const { dataDir, log, now = () => new Date() } = options;
  const defaults = DEFAULT_GLACIER_SETTINGS;
  let settings: GlacierSettings = {
    retrievalSeconds: { ...defaults.retrievalSeconds, ...options.retrievalSeconds },
    expeditedCapacity: options.expeditedCapacity ?? defaults.expeditedCapacity,
    failingRetrievals: options.failingRetrievals ?? defaults.failingRetrievals,
  };
  const folder = join(dataDir, "glacier");
  const db = openDatabase(folder);
  const context: GlacierContext = {
    db,
    vaults: new VaultStore(db),
    jobs: new JobStore(db),
    uploads: new UploadStore(db),
    blobs: new BlobStore(folder, { disk: options.disk }),
    settings: () => settings,
    takeFailure() {
      if (settings.failingRetrievals <= 0) return false;
      settings = { ...settings, failingRetrievals: settings.failingRetrievals - 1 };
      return true;
    },
    log,
    now,
  };
  context.blobs.sweep(
    new Set([...context.vaults.listBlobs(), ...context.jobs.listBlobs(), ...context.uploads.listBlobs()]),
  );

  return {
    handlers: {
      ...vaultOperations(context),
      ...archiveOperations(context),
      ...initiateJobOperation(context),
      ...jobOperations(context),
      ...multipartOperations(context),
    },

    /** For retrievals that begin from now on. */
    tune(changes: Partial<GlacierSettings>): void {
      settings = { ...settings, ...changes };
    },

    close(): void {
      db.close();
    },
  };
}
