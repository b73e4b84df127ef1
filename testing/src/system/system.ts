import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { findFreePort } from "@elastic-gas/shared/free-port";
import { blockOfPort } from "../local-cloud/address-block.ts";
import { waitUntil } from "../wait-until.ts";

const ROOT = join(import.meta.dirname, "../../..");
/** The project's own pictures and VCF files. */
export const SAMPLES = join(ROOT, "samples");

export interface RunningSystem extends AsyncDisposable {
  readonly child: ChildProcess;
  readonly dataDir: string;
  readonly prefix: string;
  readonly managerUrl: string;
  /** The load balancer's address. */
  readonly userAppUrl: string;
  readonly cloudUrl: string;
  readonly databaseUrl: () => Promise<string>;
  readonly admin: { readonly username: string; readonly password: string };
  /** All that start.sh printed so far. */
  readonly output: () => string;
  /** Runs `./start.sh WORD` beside it, with its settings and these changes; gives what it printed. */
  run(word: string, changes?: Readonly<Record<string, string>>): Promise<string>;
  /** Stops it as Ctrl-C does and gives the exit code. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

export interface SystemChoices {
  readonly environment?: Readonly<Record<string, string>>;
  /** Another run's folder, to start again on its data. */
  readonly dataDir?: string;
  readonly ports?: Ports;
  /** "quick" (the default): stories of ten minutes take one. "default": every duration as the product ships it. */
  readonly times?: "quick" | "default";
  /** Longest time until it is up; a machine that does much else takes longer. */
  readonly upSeconds?: number;
  /**
   * Gets start.sh's process as soon as it runs, long before the system is up: for callers that may be interrupted
   * meanwhile.
   */
  readonly onSpawn?: (child: ChildProcess) => void;
}

export interface Ports {
  readonly manager: number;
  readonly balancer: number;
  readonly cloud: number;
  readonly database: number;
}

/** Durations in which stories of ten minutes take one. */
export const QUICK = {
  TICK_SECONDS: "5",
  FAST_TICK_SECONDS: "5",
  METRIC_PERIOD_SECONDS: "5",
  WORKER_METRIC_SECONDS: "5",
  RULE_MINUTE_SECONDS: "5",
  RECONCILE_SECONDS: "0.5",
  HEARTBEAT_SECONDS: "1",
  LEASE_SECONDS: "10",
  HEALTH_CHECK_INTERVAL_SECONDS: "1",
  DEREGISTRATION_DELAY_SECONDS: "3",
  UNHEALTHY_GRACE_SECONDS: "5",
  BOOT_DEADLINE_SECONDS: "120",
  MANUAL_HOLD_SECONDS: "10",
  OUTBOX_SWEEP_SECONDS: "2",
  VISIBILITY_TIMEOUT_SECONDS: "10",
  JOB_LEASE_SECONDS: "10",
  LOCAL_BOOT_SECONDS: "0",
};

export async function freePorts(): Promise<Ports> {
  return {
    manager: await findFreePort(),
    balancer: await findFreePort(),
    cloud: await findFreePort(),
    database: await findFreePort(),
  };
}

/**
 * Runs ./start.sh with a data folder, ports and addresses of its own, and waits until user-app answers behind the
 * balancer.
 */
export async function startSystem({
  environment = {},
  dataDir: given,
  ports: chosen,
  times = "quick",
  upSeconds = 270,
  onSpawn,
}: SystemChoices = {}): Promise<RunningSystem> {
  const dataDir = given ?? (await mkdtemp(join(tmpdir(), "gas-system-")));
  const ports = chosen ?? (await freePorts());
  const admin = { username: "admin", password: "correct horse battery" };
  let output = "";
  const settings = {
    ...process.env,
    ...(times === "quick" ? QUICK : {}),
    DATA_DIR: dataDir,
    MANAGER_PORT: String(ports.manager),
    LB_PORT: String(ports.balancer),
    LOCAL_CLOUD_PORT: String(ports.cloud),
    LOCAL_DATABASE_PORT: String(ports.database),
    LOCAL_ADDRESS_BLOCK: blockOfPort(ports.cloud),
    ADMIN_USERNAME: admin.username,
    ADMIN_PASSWORD: admin.password,
    ...environment,
  };
  const child = spawn("./start.sh", [], {
    cwd: ROOT,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
    env: settings,
  });
  onSpawn?.(child);
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8");
    stream.on("data", (text: string) => {
      output += text;
    });
  }
  const gone = new Promise<number | null>((resolve) => child.once("exit", (code) => resolve(code)));
  const stop = async (signal: NodeJS.Signals = "SIGINT"): Promise<number | null> => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    return gone;
  };
  try {
    const state = await waitUntil(
      "user-app behind the balancer",
      () => {
        if (output.includes("ok user-app")) return "up";
        return child.exitCode === null && child.signalCode === null ? undefined : "ended";
      },
      { deadlineMs: upSeconds * 1_000 },
    );
    if (state === "ended") throw new Error("start.sh ended");
  } catch (error) {
    await stop();
    throw new Error(`start.sh did not come up:\n${output}\n${await endOfLogs(dataDir)}`, { cause: error });
  }
  return {
    child,
    dataDir,
    prefix: environment.PREFIX ?? "dev",
    managerUrl: `http://localhost:${ports.manager}`,
    userAppUrl: `http://localhost:${ports.balancer}`,
    cloudUrl: `http://127.0.0.1:${ports.cloud}`,
    databaseUrl: async () => {
      const secrets: unknown = JSON.parse(await readFile(join(dataDir, "secrets.json"), "utf8"));
      const { databasePassword } = secrets as { databasePassword: string }; // start.sh wrote it
      return `mysql://gas:${databasePassword}@127.0.0.1:${ports.database}/gas`;
    },
    admin,
    output: () => output,
    async run(word, changes = {}) {
      const { stdout } = await promisify(execFile)("./start.sh", [word], {
        cwd: ROOT,
        env: { ...settings, ...changes },
      });
      return stdout;
    },
    stop,
    async [Symbol.asyncDispose]() {
      await stop();
      const refusals = await accessRefusals(dataDir);
      // KEEP_DATA=1: to look at the logs and rows of a story afterwards.
      if (process.env.KEEP_DATA === "1") console.log(`data folder: ${dataDir}`);
      else if (given === undefined) await rm(dataDir, { recursive: true, force: true });
      if (refusals.length > 0) throw new Error(`Calls that a role has no right to:\n${refusals.join("\n")}`);
    },
  };
}

/**
 * What local-cloud and MariaDB refused to the roles of the parts and workers, by their logs: each is a right that
 * shared/src/permissions.ts or database-permissions.ts lacks.
 */
async function accessRefusals(dataDir: string): Promise<readonly string[]> {
  const instances = await readdir(join(dataDir, "instances")).catch(() => []);
  const parts = await readdir(join(dataDir, "logs")).catch(() => []);
  const logs = [
    ...parts.map((name) => join(dataDir, "logs", name)),
    ...instances.map((name) => join(dataDir, "instances", name, "console.log")),
  ];
  const refusals = new Set<string>();
  for (const log of logs) {
    const text = await readFile(log, "utf8").catch(() => "");
    for (const [words] of text.matchAll(
      /assumed-role\/\S+ is not authorized to perform: \S+ on resource: \S+|[A-Z]+ command denied to user [^"\\]+/g,
    ))
      refusals.add(words);
  }
  return [...refusals];
}

async function endOfLogs(dataDir: string): Promise<string> {
  const folder = join(dataDir, "logs");
  const files = await readdir(folder).catch(() => []);
  const ends = files.map(async (file) => `--- ${file}\n${(await readFile(join(folder, file), "utf8")).slice(-3_000)}`);
  return (await Promise.all(ends)).join("\n");
}
