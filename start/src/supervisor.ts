import { join } from "node:path";
import { EC2Client } from "@aws-sdk/client-ec2";
import { createPasswordVerifier } from "@elastic-gas/shared/accounts/passwords";
import { ensureFirstAdmin, type FirstAdmin } from "@elastic-gas/shared/accounts/users";
import { createAwsClient } from "@elastic-gas/shared/aws/clients";
import { type Config, readConfig } from "@elastic-gas/shared/config";
import { type DatabaseAccounts, makeDatabaseAccounts } from "@elastic-gas/shared/database/accounts";
import { connectDatabase } from "@elastic-gas/shared/database/connect";
import { migrate } from "@elastic-gas/shared/database/migrate";
import { createLogger, type Logger } from "@elastic-gas/shared/logger";
import { databaseUrlSetting, ROLES } from "@elastic-gas/shared/permissions";
import { noteAllStopped } from "@elastic-gas/shared/pools/workers";
import { aborted, runLoop } from "@elastic-gas/shared/shutdown";
import { addressesOf, recordAddresses } from "./addresses.ts";
import type { EmulatedWorkers } from "./emulator/workers.ts";
import type { Environment } from "./environment.ts";
import { createAccountKeeper } from "./keep-database-accounts.ts";
import { findMariadb, ownerSql, UNPACKED_PROGRAMS } from "./mariadb.ts";
import { recordStatuses, STATUS_FILE } from "./part-status.ts";
import { autoscalerPart, localCloudPart, managerPart, mariadbPart } from "./parts.ts";
import { endProcess, processFile } from "./processes.ts";
import { publishAtStart } from "./publish.ts";
import { waitForHttp } from "./ready.ts";
import { rotateLogs } from "./rotate-logs.ts";
import { accountsToMake, completeSettings, DATABASE_USER, isOwnServer, SCHEMA } from "./settings.ts";
import { stopOwnInstance } from "./stop-own-instance.ts";
import { type PartState, type Supervised, supervise } from "./supervise.ts";
import { welcomeLines } from "./welcome.ts";

const USER_APP_DEADLINE_MS = 300_000;
/** Each part's log and its older files take up 100 MB at most. */
const LOG_BYTES = 25_000_000;
const LOGS_KEPT = 3;
const LOG_LOOK_MS = 10_000;
/** For so long at most a role's processes cannot connect whose account was given another password. */
const ACCOUNTS_LOOK_MS = 30_000;

export interface SystemOptions {
  readonly root: string;
  readonly environment: Environment;
  /** Names this run of start.sh: the web pool is resized to its minimum once for each. */
  readonly startId: string;
  readonly signal: AbortSignal;
  readonly print: (line: string) => void;
}

/**
 * Brings up the manager's machine and keeps it up: MariaDB and local-cloud first (on one machine), then the schema, the
 * first administrator and the release, then manager and autoscaler. Resolves after everything has ended: when the
 * signal aborted, or when the manager was told to stop.
 */
export async function runSystem({ root, environment, startId, signal, print }: SystemOptions): Promise<void> {
  const settings = await completeSettings(environment);
  const config = readConfig(settings);
  const log = createLogger("start", config.LOG_LEVEL);
  const partsFile = processFile(join(config.DATA_DIR, "run", "parts.json"));
  await endLeftovers(partsFile.read());
  recordAddresses(config.DATA_DIR, addressesOf(config));

  const recordStatus = recordStatuses(join(config.DATA_DIR, "run", STATUS_FILE));
  void runLoop({ name: "log rotation", intervalMs: LOG_LOOK_MS, signal, log }, () =>
    rotateLogs({ folder: join(config.DATA_DIR, "logs"), maxBytes: LOG_BYTES, keep: LOGS_KEPT, log }),
  );

  const started: Supervised[] = [];
  const begin = (part: Parameters<typeof supervise>[0]) => {
    const supervised = supervise(part, {
      log,
      onState: (name, state, detail) => {
        recordStatus(name, state, detail);
        print(stateLine(name, state, detail));
      },
      onPid: async (name, pid) => partsFile.set(name, pid),
      mayEnd: (name) => name === "manager" || name === "autoscaler",
    });
    started.push(supervised);
    return supervised;
  };
  let localCloud: Supervised | undefined;
  let workers: EmulatedWorkers | undefined;
  const stopAll = async () => {
    await workers?.stop();
    // In reverse: whoever uses another part goes first.
    for (const supervised of started.toReversed()) {
      // Its instances end with it: the next start must not take them for lost.
      if (supervised === localCloud) await noteStopped(config, log);
      await supervised.stop();
    }
    partsFile.remove();
  };

  let stopped = false;
  try {
    const parts = { root, config, environment: settings };
    const emulator = config.EMULATED_INSTANCES ? await loadEmulator() : undefined;
    let notServed: readonly string[] = [];
    const ownServer = config.CLOUD === "local" ? await mariadbOptions(config) : undefined;
    const bringUpDatabase = async (): Promise<FirstAdmin> => {
      if (ownServer !== undefined) await begin(mariadbPart(ownServer)).up;
      const accounts = accountsToMake(settings, isOwnServer(environment));
      const admin = await prepareDatabase(config, accounts);
      void runLoop(
        { name: "database accounts", intervalMs: ACCOUNTS_LOOK_MS, signal, log },
        createAccountKeeper({ settings, accounts, log, print }),
      );
      return admin;
    };
    const bringUpCloud = async (): Promise<void> => {
      if (config.CLOUD !== "local") return;
      if (emulator !== undefined) {
        notServed = await emulator.prepareEmulator(config);
        return;
      }
      localCloud = begin(localCloudPart(parts, { AWS_ENDPOINT_URL: undefined }));
      await localCloud.up;
    };
    const [admin] = await Promise.all([bringUpDatabase(), bringUpCloud()]);
    for (const line of sharedAccountLines(settings)) print(line);
    for (const line of await publishAtStart({ root, config, settings })) print(line);
    const autoscaler = begin(autoscalerPart(parts, startId));
    const manager = begin(managerPart(parts));
    await Promise.all([autoscaler.up, manager.up]);
    for (const line of welcomeLines(config, admin, join(root, ".data"))) print(line);
    for (const line of emulator?.emulatorLines(config, notServed) ?? []) print(line);
    if (emulator !== undefined) workers = await emulator.runEmulatedWorkers({ ...parts, log, begin });
    void announceUserApp(config, signal, print);
    // The manager's stop button ends both of them with exit code 0; then the whole machine's work is over.
    stopped = await Promise.race([
      aborted(signal).then(() => false),
      Promise.all([manager.ended, autoscaler.ended]).then(() => true),
    ]);
  } finally {
    await stopAll();
  }
  if (stopped && config.CLOUD === "aws") await stopMachine(config, print);
}

/** Loaded where it is used alone: a release for AWS does not hold it. */
async function loadEmulator() {
  return { ...(await import("./emulator/emulator.ts")), ...(await import("./emulator/workers.ts")) };
}

function sharedAccountLines(settings: Environment): readonly string[] {
  const shared = ROLES.filter((role) => !settings[databaseUrlSetting(role)]);
  if (shared.length === 0) return [];
  const who = shared.length === ROLES.length ? "every part" : shared.join(", ");
  return [
    `!! database     ${who} uses the account of DATABASE_URL with all its rights: ./start.sh database-accounts tells how to make one for each`,
  ];
}

async function mariadbOptions(config: Config) {
  const programs = await findMariadb(UNPACKED_PROGRAMS);
  if (programs === undefined) throw new Error("mariadbd is not installed. Debian: apt-get install mariadb-server-core");
  const password = decodeURIComponent(new URL(config.DATABASE_URL).password);
  return {
    programs,
    folder: join(config.DATA_DIR, "mysql"),
    port: config.LOCAL_DATABASE_PORT,
    initSql: ownerSql({ schema: SCHEMA, user: DATABASE_USER, password }),
  };
}

async function prepareDatabase(config: Config, accounts: DatabaseAccounts | undefined): Promise<FirstAdmin> {
  const db = connectDatabase({ url: config.DATABASE_URL, connectionLimit: 2 });
  try {
    await migrate(db);
    if (accounts !== undefined) await makeDatabaseAccounts(db, accounts);
    return await ensureFirstAdmin(db, createPasswordVerifier(), {
      username: config.ADMIN_USERNAME,
      password: config.ADMIN_PASSWORD,
    });
  } finally {
    await db.destroy();
  }
}

async function noteStopped(config: Config, log: Logger): Promise<void> {
  const db = connectDatabase({ url: config.DATABASE_URL, connectionLimit: 1 });
  try {
    await noteAllStopped(db, new Date());
  } catch (error) {
    log.warn({ err: error }, "not noted that the workers end: the next start will call them lost");
  } finally {
    await db.destroy();
  }
}

/**
 * Parts of a run whose supervisor was killed. Instances are nobody's child: local-cloud adopts them when it is back.
 */
async function endLeftovers(leftovers: ReturnType<ReturnType<typeof processFile>["read"]>): Promise<void> {
  await Promise.all(
    Object.entries(leftovers).map(async ([name, record]) => {
      // MariaDB closes in order; the others are made to be killed at any line, and local-cloud would end the instances
      // if asked politely.
      await endProcess(record, name === "mariadb" ? "SIGTERM" : "SIGKILL", 30_000);
    }),
  );
}

/** After the stop button the manager's own instance stops too: nobody pays for a machine that does nothing. */
async function stopMachine(config: Config, print: (line: string) => void): Promise<void> {
  const ec2 = createAwsClient(EC2Client, config);
  const own = await stopOwnInstance(ec2, config.AWS_EC2_METADATA_SERVICE_ENDPOINT);
  ec2.destroy();
  print(
    own.kind === "stopping"
      ? stateLine("instance", "ended", `${own.instanceId} stops; start it in EC2 to start again`)
      : stateLine("instance", "up", `not stopped; stop it in the EC2 console: ${own.why}`),
  );
}

async function announceUserApp(config: Config, signal: AbortSignal, print: (line: string) => void): Promise<void> {
  if (config.CLOUD !== "local") return;
  try {
    await waitForHttp(`http://127.0.0.1:${config.LB_PORT}/healthz`, { signal, deadlineMs: USER_APP_DEADLINE_MS });
    if (!signal.aborted) print(stateLine("user-app", "up", "behind the load balancer"));
  } catch (error) {
    if (!signal.aborted)
      print(stateLine("user-app", "down", `${messageOf(error)}; ./start.sh status shows its workers`));
  }
}

function stateLine(name: string, state: PartState, detail: string): string {
  const mark = { starting: "..", up: "ok", down: "!!", ended: "--" }[state];
  return `${mark} ${name.padEnd(12)} ${state}${detail === "" ? "" : ` (${detail})`}`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
