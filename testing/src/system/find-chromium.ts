import { access, constants } from "node:fs/promises";
import { join } from "node:path";

/** The shell is the same engine without a browser around it: pages cost it seven tenths of the CPU. */
const PROGRAMS = ["chromium-headless-shell", "chromium"];

/** Path of Debian's Chromium, from the PATH: its headless shell where there is one. Throws when there is none. */
export async function findChromium(): Promise<string> {
  const folders = (process.env.PATH ?? "").split(":");
  for (const path of PROGRAMS.flatMap((program) => folders.map((folder) => join(folder, program)))) {
    const isThere = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (isThere) return path;
  }
  throw new Error("Chromium is not installed. npm test installs it; Debian: apt-get install chromium-headless-shell");
}
