import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { userInfo } from "node:os";
import { join, resolve } from "node:path";
import { audit } from "@elastic-gas/shared/audit";
import { readConfig } from "@elastic-gas/shared/config";
import { connectDatabase } from "@elastic-gas/shared/database/connect";
import { migrate } from "@elastic-gas/shared/database/migrate";
import { formatRelease } from "@elastic-gas/shared/releases/format-release";
import { beginUpdate } from "@elastic-gas/shared/releases/updates";
import { buildPages } from "./build-pages.ts";
import { buildPrograms } from "./build-programs.ts";
import { readEnvironment } from "./environment.ts";
import { isAlive, processFile } from "./processes.ts";
import { WORKER_PROGRAMS } from "./programs.ts";
import { publish } from "./publish.ts";
import { completeSettings } from "./settings.ts";

/**
 * `./start.sh release` publishes this checkout beside the system that runs; `./start.sh update` also begins to replace
 * the workers by it. The schema is brought up to date first: migrations only add, so that workers of the release before
 * go on.
 */
const root = join(import.meta.dirname, "../..");
const rolls = process.argv[2] === "update";
const environment = readEnvironment(root, process.env);
const dataDir = resolve(root, environment.DATA_DIR || ".data");
if (!Object.values(processFile(join(dataDir, "run", "start.json")).read()).some(isAlive)) {
  console.error("Elastic GAS does not run from this folder. ./start.sh starts it, with what this checkout holds.");
  process.exit(3);
}
// What runs on the manager's machine stays what it was started with.
buildPages(root, ["user-app"]);
await buildPrograms(root, WORKER_PROGRAMS);
if (environment.CLOUD !== "aws" && !hasItsPackages()) {
  console.error(
    "package-lock.json names other packages than those that are installed, which the running workers use. Run ./start.sh stop, then ./start.sh: it installs them.",
  );
  process.exit(1);
}
const settings = await completeSettings({ ...environment, DATA_DIR: dataDir });
const config = readConfig(settings);
const db = connectDatabase({ url: config.DATABASE_URL, connectionLimit: 2 });
try {
  await migrate(db);
  const actor = userInfo().username;
  const id = await publish(db, { root, config, settings }, actor);
  await audit(db, { actor, action: "release.publish", target: id });
  console.log(`Release ${formatRelease(id)} is published.`);
  if (rolls) {
    const request = { to: id, canarySeconds: config.CANARY_SECONDS, actor, now: new Date() };
    const change = await db.transaction().execute((trx) => beginUpdate(trx, request));
    if (change.kind === "done") await audit(db, { actor, action: "release.update", target: id });
    console.log(change.kind === "done" ? change.sentence : `The update was not started: ${change.reason}.`);
    if (change.kind === "refused") process.exitCode = 1;
    else console.log(`Watch it at http://localhost:${config.MANAGER_PORT}/releases.`);
  } else console.log("./start.sh update, or the page Releases, replaces the workers by it.");
} finally {
  await db.destroy();
}

/** Instances of this machine link the checkout's packages. */
function hasItsPackages(): boolean {
  const lockfile = createHash("sha256")
    .update(readFileSync(join(root, "package-lock.json")))
    .digest("hex");
  const stamp = join(root, "node_modules/.lockfile-hash");
  return existsSync(stamp) && readFileSync(stamp, "utf8").trim() === lockfile;
}
