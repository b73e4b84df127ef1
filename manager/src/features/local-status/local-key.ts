import { randomBytes } from "node:crypto";
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** Where `./start.sh status` finds the key, below the data folder. */
const KEY_FILE = "run/manager-key";

/**
 * Makes a new key for this run of the manager and leaves it in a file that only the user who runs it can read: whoever
 * can read the data folder may read the status without an account. It opens nothing else. Undefined when the file
 * cannot be written: a full disk costs `./start.sh status` its list of workers, never the manager.
 */
export function makeLocalKey(dataDir: string): string | undefined {
  const key = randomBytes(32).toString("base64url");
  const path = join(dataDir, KEY_FILE);
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeFileSync(`${path}.new`, key, { mode: 0o600 });
    renameSync(`${path}.new`, path);
    return key;
  } catch {
    return undefined;
  }
}
