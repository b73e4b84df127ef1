import { access, constants } from "node:fs/promises";
import { join } from "node:path";

/** Path of Debian's Chromium, from the PATH. Throws when there is none. */
export async function findChromium(): Promise<string> {
  const { PATH = "" } = process.env;
  for (const folder of PATH.split(":")) {
    const path = join(folder, "chromium");
    const isThere = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (isThere) return path;
  }
  throw new Error("Chromium is not installed. npm test installs it; Debian: apt-get install chromium");
}
