import { copyFile, readdir, rename, rm, stat, truncate } from "node:fs/promises";
import { join } from "node:path";
import type { Logger } from "@elastic-gas/shared/logger";

export interface RotationOptions {
  readonly folder: string;
  readonly maxBytes: number;
  /** Older files beside each log: `manager.log.1` is the newest. */
  readonly keep: number;
  readonly log: Logger;
}

/**
 * Bounds every `*.log` of a folder: what has grown too large is copied to `.1` and emptied in place, as logrotate's
 * "copytruncate" does, because the part that writes it holds the file open (for appending) and may outlive this
 * process. On a full disk the log is emptied without a copy: space is worth more then.
 */
export async function rotateLogs({ folder, maxBytes, keep, log }: RotationOptions): Promise<void> {
  const names = await readdir(folder).catch(() => []); // nothing was logged yet
  for (const name of names.filter((each) => each.endsWith(".log"))) {
    const path = join(folder, name);
    try {
      if ((await stat(path)).size <= maxBytes) continue;
      await keepCopy(path, keep).catch((error: unknown) =>
        log.warn({ name, err: error }, "log emptied without a copy"),
      );
      await truncate(path);
    } catch (error) {
      log.warn({ name, err: error }, "log not rotated");
    }
  }
}

async function keepCopy(path: string, keep: number): Promise<void> {
  await rm(`${path}.${keep}`, { force: true });
  for (let number = keep - 1; number >= 1; number -= 1) {
    await rename(`${path}.${number}`, `${path}.${number + 1}`).catch((error: unknown) => {
      if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
    });
  }
  try {
    await copyFile(path, `${path}.1`);
  } catch (error) {
    await rm(`${path}.1`, { force: true }); // half a copy only takes up space
    throw error;
  }
}
