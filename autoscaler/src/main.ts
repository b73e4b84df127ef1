import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { readConfig } from "@elastic-gas/shared/config";
import { connectDatabase } from "@elastic-gas/shared/database/connect";
import { serveHealth, watchTurns } from "@elastic-gas/shared/health-address";
import { createLogger } from "@elastic-gas/shared/logger";
import { resourcesOf } from "@elastic-gas/shared/resources";
import { stopOnSignals } from "@elastic-gas/shared/shutdown";
import { createCloud, destroyCloud } from "./context/cloud.ts";
import { Lease } from "./lease/lease.ts";
import { runAutoscaler } from "./loop.ts";

/** Every call of a pass has its own limit, and together they stay far below this. */
const PASS_LIMIT_MS = 300_000;
/** For an emulator that does run the script: the worker's program runs elsewhere. */
const RUNS_NOTHING = "#!/bin/sh\nexec sleep infinity\n";

const config = readConfig(process.env);
const log = createLogger("autoscaler", config.LOG_LEVEL);
const { signal } = stopOnSignals(log);
const db = connectDatabase({ url: config.DATABASE_URL, connectionLimit: 4 });
const cloud = createCloud(config);
const holder = `${hostname()}:${process.pid}:${randomUUID().slice(0, 8)}`;
const context = {
  config,
  resources: resourcesOf(config),
  db,
  cloud,
  lease: new Lease(db, { holder, leaseSeconds: config.LEASE_SECONDS }),
  log,
  userDataTemplate: config.EMULATED_INSTANCES
    ? RUNS_NOTHING
    : readFileSync(join(import.meta.dirname, "../../aws/user-data.sh"), "utf8"),
};

const passes = watchTurns("a pass", PASS_LIMIT_MS);
if (config.HEALTH_PORT !== undefined)
  await serveHealth({ port: config.HEALTH_PORT, findStandstill: passes.findStandstill });

log.info({ tickSeconds: config.TICK_SECONDS, startId: config.START_ID }, "autoscaler started");
const how = await runAutoscaler(context, { startId: config.START_ID, signal, onPass: passes.turned });
log.info({ how }, "autoscaler ended");
destroyCloud(cloud);
await db.destroy();
// Sockets of calls that were given up may linger; the work is over.
process.exit(0);
