import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Folders and files that end up in the browser, by the app that serves them. */
const SOURCES = {
  manager: ["manager/src", "shared/src/ui", "package-lock.json", "manager/vite.config.ts"],
  "user-app": [
    "user-app/src/browser",
    "user-app/src/masks/browser",
    "shared/src/ui",
    "package-lock.json",
    "user-app/vite.config.ts",
  ],
} as const;
type App = keyof typeof SOURCES;
const APPS: readonly App[] = ["manager", "user-app"];

/** Bundles the browser code of these apps where a source has changed since the last time. */
export function buildPages(root: string, apps: readonly App[] = APPS): void {
  // A release has its pages, and nothing to build them with.
  if (!existsSync(join(root, "node_modules/vite"))) return;
  const wanted = apps.map((app) => ({ app, hash: hashSources(root, app), stamp: stampOf(root, app) }));
  const stale = wanted.filter(
    ({ app, hash, stamp }) =>
      !existsSync(join(root, app, "dist")) || !existsSync(stamp) || readFileSync(stamp, "utf8") !== hash,
  );
  if (stale.length === 0) return;
  console.log("Building the pages ...");
  // Whoever asks, also a test: the pages are always those that users get.
  const env = { ...process.env, NODE_ENV: "production" };
  for (const { app, hash, stamp } of stale) {
    // Not `npm run build --workspace`: npm 9, which Debian has, ends with 0 when a workspace's script fails.
    const vite = join(root, "node_modules/.bin/vite");
    const build = spawnSync(vite, ["build"], { cwd: join(root, app), encoding: "utf8", env });
    if (build.status !== 0) {
      const said = build.error?.message ?? `${build.stdout}\n${build.stderr}`;
      console.error(`The pages of ${app} could not be built:\n${said}`);
      process.exit(1);
    }
    writeFileSync(stamp, hash);
  }
}

function stampOf(root: string, app: App): string {
  return join(root, "node_modules", `.pages-built-${app}`);
}

function hashSources(root: string, app: App): string {
  const hash = createHash("sha256");
  const files = SOURCES[app].flatMap((path) => {
    if (/\.\w+$/.test(path)) return [path];
    return readdirSync(join(root, path), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1));
  });
  for (const file of files.sort())
    hash
      .update(`${file}\0`)
      .update(readFileSync(join(root, file)))
      .update("\0");
  return hash.digest("hex");
}
