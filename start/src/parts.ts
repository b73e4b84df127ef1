import { join } from "node:path";
import type { Config } from "@elastic-gas/shared/config";
import { findFreePort } from "@elastic-gas/shared/free-port";
import type { Role } from "@elastic-gas/shared/permissions";
import { cloudSettings, type Environment, settingsOf } from "./environment.ts";
import { initialiseMariadb, type MariadbOptions, spawnMariadb, waitForMariadb } from "./mariadb.ts";
import { nodeArguments, type Program } from "./programs.ts";
import { waitForHttp } from "./ready.ts";
import { type Part, spawnNode } from "./supervise.ts";
import { greetingCheck, healthAddressCheck, httpCheck } from "./watch-health.ts";

const READY_DEADLINE_MS = 60_000;
/** Killing a database means recovery: a disk that stands still for a while is waited for. */
const DATABASE_PATIENCE_MS = 60_000;

export interface PartSettings {
  readonly root: string;
  readonly config: Config;
  /** What the parts get; each its own share of the secrets. */
  readonly environment: Environment;
}

export function mariadbPart(options: MariadbOptions): Part {
  return {
    name: "mariadb",
    start: async () => {
      await initialiseMariadb(options);
      return spawnMariadb(options);
    },
    ready: (child) => waitForMariadb(child, options),
    health: greetingCheck(options.port, DATABASE_PATIENCE_MS),
    stopMs: 30_000,
  };
}

export function localCloudPart(settings: PartSettings, own: Environment): Part {
  const { config } = settings;
  return {
    name: "local-cloud",
    start: () => startNode({ ...settings, environment: cloudSettings(settings.environment) }, "local-cloud", own),
    ready: (child, signal) =>
      waitForHttp(`http://127.0.0.1:${config.LOCAL_CLOUD_PORT}/_health`, {
        child,
        signal,
        deadlineMs: READY_DEADLINE_MS,
      }),
    health: httpCheck(`http://127.0.0.1:${config.LOCAL_CLOUD_PORT}/_health`),
    stopMs: 45_000, // it ends the instances first, each with 30 s
  };
}

export function managerPart(settings: PartSettings): Part {
  return {
    name: "manager",
    start: () => startNode(asRole(settings, "manager"), "manager"),
    ready: (child, signal) =>
      waitForHttp(`http://127.0.0.1:${settings.config.MANAGER_PORT}/healthz`, {
        child,
        signal,
        deadlineMs: READY_DEADLINE_MS,
      }),
    health: httpCheck(`http://127.0.0.1:${settings.config.MANAGER_PORT}/healthz`),
    stopMs: 20_000,
  };
}

/** It has no service of its own: it answers at a loopback port for this only, told by `HEALTH_PORT`. */
export function autoscalerPart(settings: PartSettings, startId: string): Part {
  let url = "";
  return {
    name: "autoscaler",
    start: async () => {
      // Another port for each process: nothing waits for one that its predecessor still holds.
      const port = await findFreePort();
      url = `http://127.0.0.1:${port}/`;
      return startNode(asRole(settings, "autoscaler"), "autoscaler", {
        START_ID: startId,
        HEALTH_PORT: String(port),
      });
    },
    ready: (child, signal) => waitForHttp(url, { child, signal, deadlineMs: READY_DEADLINE_MS }),
    health: healthAddressCheck(() => url),
    stopMs: 20_000,
  };
}

/** A part sees the secrets of its role only. */
function asRole(settings: PartSettings, role: Role): PartSettings {
  return { ...settings, environment: settingsOf(settings.environment, role) };
}

function startNode({ root, config, environment }: PartSettings, program: Program, own: Environment = {}) {
  return spawnNode({
    command: nodeArguments(program),
    root,
    environment: { ...environment, ...own },
    logFile: join(config.DATA_DIR, "logs", `${program}.log`),
  });
}
