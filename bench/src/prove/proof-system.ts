import type { ChildProcess } from "node:child_process";
import { rmSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { connectDatabase, type Database } from "@elastic-gas/shared/database/connect";
import type { PoolName } from "@elastic-gas/shared/resources";
import { type Ports, QUICK, type RunningSystem, startSystem } from "@elastic-gas/testing/system/system";
import { waitUntil } from "@elastic-gas/testing/wait-until";
import { ManagerApi, type Pool } from "./manager-api.ts";
import type { Figure, ProofContext } from "./proof.ts";

/** The whole system for one proof, started by ./start.sh with its own data folder, ports and addresses. */
export interface ProofSystem extends AsyncDisposable {
  readonly system: RunningSystem;
  readonly db: Database;
  readonly manager: ManagerApi;
  /** Waits with a poll that leaves the machine to what is measured. */
  wait<Value>(
    what: string,
    probe: () => Promise<Value | undefined | null | false> | Value | undefined | null | false,
    seconds: number,
  ): Promise<Value>;
  sleep(seconds: number): Promise<void>;
  /** What was set for this run, for the report. */
  readonly settings: readonly Figure[];
}

const SIGNALS = ["SIGINT", "SIGTERM"] as const;
const INTERRUPTED = 130;
const UP_SECONDS = 300;

/** Durations of the product that a report names whether or not they were changed. */
const SHOWN = {
  TICK_SECONDS: "60",
  FAST_TICK_SECONDS: "10",
  METRIC_PERIOD_SECONDS: "60",
  WORKER_METRIC_SECONDS: "10",
  RULE_MINUTE_SECONDS: "60",
  RECONCILE_SECONDS: "3",
  HEARTBEAT_SECONDS: "10",
  HEALTH_CHECK_INTERVAL_SECONDS: "5",
  DEREGISTRATION_DELAY_SECONDS: "60",
  LOCAL_BOOT_SECONDS: "1",
};

export async function startProofSystem(
  { quick, say }: Pick<ProofContext, "quick" | "say">,
  environment: Readonly<Record<string, string>> = {},
  ports?: Ports,
): Promise<ProofSystem> {
  say(`starting the system (${quick ? "quick" : "default"} times)`);
  await using started = new AsyncDisposableStack();
  const dataDir = await mkdtemp(join(tmpdir(), "gas-proof-"));
  // KEEP_DATA=1: to look at the logs and rows of a run afterwards.
  if (process.env.KEEP_DATA === "1") say(`data folder: ${dataDir}`);
  else started.defer(() => rm(dataDir, { recursive: true, force: true }));
  const system = started.use(
    await startSystem({
      dataDir,
      ...(ports === undefined ? {} : { ports }),
      times: quick ? "quick" : "default",
      upSeconds: UP_SECONDS,
      // The defaults are set by name, so that the machine's own environment or .env cannot make them others.
      environment: quick ? environment : { ...SHOWN, ...environment },
      onSpawn: (child) => void started.defer(endWithUs(child, dataDir, say)),
    }),
  );
  started.defer(() => void say("stopping the system"));
  const db = connectDatabase({ url: await system.databaseUrl(), connectionLimit: 2 });
  started.defer(() => db.destroy());
  const manager = await ManagerApi.signIn(system);
  const inForce = { ...SHOWN, ...(quick ? QUICK : {}), ...environment };
  const ending = started.move();
  return {
    system,
    db,
    manager,
    wait: (what, probe, seconds) => waitUntil(what, probe, { deadlineMs: seconds * 1_000, pollMs: 500 }),
    sleep: (seconds) => sleep(seconds * 1_000),
    settings: Object.entries(inForce).map(([label, value]) => ({ label, value })),
    [Symbol.asyncDispose]: () => ending.disposeAsync(),
  };
}

/**
 * Ends start.sh when we are interrupted: it has a session of its own, which the terminal's Ctrl-C does not reach. Gives
 * back what undoes this.
 */
function endWithUs(child: ChildProcess, dataDir: string, say: (line: string) => void): () => void {
  const end = () => {
    say("interrupted, stopping the system");
    child.once("exit", () => {
      if (process.env.KEEP_DATA !== "1") rmSync(dataDir, { recursive: true, force: true });
      process.exit(INTERRUPTED);
    });
    if (child.exitCode !== null || child.signalCode !== null) process.exit(INTERRUPTED);
    child.kill("SIGINT");
  };
  for (const signal of SIGNALS) process.once(signal, end);
  return () => {
    for (const signal of SIGNALS) process.off(signal, end);
  };
}

/** Every worker that is wanted is in service, and none is on its way in or out. */
export function isSettled({ desired, counts }: Pool): boolean {
  const { inService, pending, warming, draining, unhealthy } = counts;
  return inService === desired && pending + warming + draining + unhealthy === 0;
}

/** The policy of a pool as settings of a report. */
export async function policySettings(manager: ManagerApi, name: PoolName): Promise<readonly Figure[]> {
  const { policy, limits } = await manager.policy(name);
  return [
    ...Object.entries(policy).map(([label, value]) => ({ label: `${name} policy: ${label}`, value: String(value) })),
    { label: `${name} limits`, value: `${limits.min} to ${limits.max} workers` },
  ];
}
