import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Folders whose files end up in the browser. */
const SOURCES = ["manager/src", "user-app/src/browser", "user-app/src/masks/browser", "shared/src/ui"];
const FILES = ["package-lock.json", "manager/vite.config.ts", "user-app/vite.config.ts"];

/** Bundles the browser code of manager and user-app when a source has changed since the last time. */
export function buildPages(root: string): void {
  // A release has its pages, and nothing to build them with.
  if (!existsSync(join(root, "node_modules/vite"))) return;
  const stamp = join(root, "node_modules", ".pages-built");
  const wanted = hashSources(root);
  const built = existsSync(stamp) && readFileSync(stamp, "utf8") === wanted;
  if (built && existsSync(join(root, "manager/dist")) && existsSync(join(root, "user-app/dist"))) return;
  console.log("Building the pages ...");
  const { status, stdout, stderr } = spawnSync("npm", ["run", "--silent", "build"], { cwd: root, encoding: "utf8" });
  if (status !== 0) {
    console.error(`${stdout}\n${stderr}`);
    process.exit(1);
  }
  writeFileSync(stamp, wanted);
}

function hashSources(root: string): string {
  const hash = createHash("sha256");
  const files = [
    ...FILES,
    ...SOURCES.flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1)),
    ),
  ];
  for (const file of files.sort())
    hash
      .update(`${file}\0`)
      .update(readFileSync(join(root, file)))
      .update("\0");
  return hash.digest("hex");
}
