import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensurePools } from "@elastic-gas/autoscaler/pools/pools";
import { readConfig } from "@elastic-gas/shared/config";
import type { Database } from "@elastic-gas/shared/database/connect";
import { buildProgram } from "@elastic-gas/start/build-program";
import { nodeArguments } from "@elastic-gas/start/programs";
import { createTestDatabase } from "@elastic-gas/testing/database";
import { TEST_CREDENTIALS } from "@elastic-gas/testing/local-cloud/test-cloud";
import { median } from "../figures/median.ts";
import { type Child, startChild } from "./child.ts";
import { ids, STAGED_PREFIX } from "./staged-answers.ts";
import type { Staged } from "./staged-cloud-main.ts";
import type { Order, Spent } from "./ticking-main.ts";

/** What one tick costs: listing, observing, deciding, planning and storing, with nothing to change. */
export interface TickCost extends Spent {
  readonly workers: number;
  /** AWS calls in one tick, by operation. */
  readonly calls: Readonly<Record<string, number>>;
  /** CPU time of reading the same answers by the AWS SDK alone. */
  readonly sdkCpuMilliseconds: number;
}

const ROOT = join(import.meta.dirname, "../../..");
/** A program as the autoscaler's is. */
const BUILT = "dist/tick-cost";
const INSERT_ROWS = 1_000;
const TICK_MS = 1_000;
const WARM_UP = 2; // connections open and code is compiled
const LOAD_POINT_SECONDS = 10;
const LOAD_POINTS = 36;

/**
 * Runs whole ticks of the autoscaler on a web pool of each size; every number is a median over them. Cloud and
 * autoscaler are processes of their own; the cloud answers on the real wire.
 */
export async function measureTicks(
  sizes: readonly number[],
  { ticks }: { readonly ticks: number },
): Promise<readonly TickCost[]> {
  await using started = new AsyncDisposableStack();
  const cloud = started.use(await startChild<Staged>(join(import.meta.dirname, "staged-cloud-main.ts")));
  const { db, url } = started.use(await createTestDatabase());
  const dataDir = await mkdtemp(join(tmpdir(), "tick-cost-"));
  started.defer(() => rm(dataDir, { recursive: true, force: true }));
  const env = {
    AWS_ENDPOINT_URL: cloud.first.endpoint,
    DATA_DIR: dataDir,
    DATABASE_URL: url,
    PREFIX: STAGED_PREFIX,
    TICK_SECONDS: String(TICK_MS / 1_000),
    FAST_TICK_SECONDS: String(TICK_MS / 1_000),
    LEASE_SECONDS: "120",
  };
  await writeCredentials(dataDir);
  await ensurePools(db, new Date());
  for (const name of ["annotator", "utility"] as const)
    await db.updateTable("pools").set({ min: 0, desired: 0 }).where("name", "=", name).execute();
  await buildProgram(ROOT, { source: "bench/src/tick-cost/ticking-main.ts", folder: BUILT });
  const autoscaler = started.use(await startAutoscaler(env));
  // A process of its own: what the SDK alone needs must not count as the autoscaler's memory.
  const reader = started.use(await startAutoscaler(env));
  const order = (child: Child<Spent>, message: Order): Promise<Spent> => child.ask({ ...message });
  const { HEARTBEAT_SECONDS } = readConfig(env);

  const costs: TickCost[] = [];
  for (const workers of sizes) {
    const instanceIds = ids(workers);
    await stagePool(db, instanceIds);
    await cloud.ask({ size: workers });
    const spent: Spent[] = [];
    const read: Spent[] = [];
    let calls: Staged["calls"] = {};
    for (let tick = 0; tick < WARM_UP + ticks; tick += 1) {
      await new Promise((resolve) => setTimeout(resolve, TICK_MS));
      await stageHeartbeats(db, HEARTBEAT_SECONDS);
      await cloud.ask({ size: workers });
      spent.push(await order(autoscaler, { kind: "tick" }));
      ({ calls } = await cloud.ask({ size: workers }));
      read.push(await order(reader, { kind: "read", instanceIds }));
    }
    await checkDecisions(db, workers, spent.length);
    costs.push({ workers, calls, ...medians(spent.slice(WARM_UP)), sdkCpuMilliseconds: cpuOf(read.slice(WARM_UP)) });
  }
  return costs;
}

/** With what start.sh gives the autoscaler. */
function startAutoscaler(env: NodeJS.ProcessEnv): Promise<Child<Spent>> {
  return startChild(join(ROOT, BUILT, "main.js"), {
    env: { ...env, MALLOC_ARENA_MAX: "2" },
    execArgv: nodeArguments("autoscaler").slice(0, -1),
  });
}

async function writeCredentials(dataDir: string): Promise<void> {
  const { accessKeyId, secretAccessKey } = TEST_CREDENTIALS;
  await writeFile(
    join(dataDir, "credentials"),
    `[default]\naws_access_key_id = ${accessKeyId}\naws_secret_access_key = ${secretAccessKey}\n`,
  );
}

/** Throws unless every tick was decided on all workers, and held. */
async function checkDecisions(db: Database, workers: number, ticks: number): Promise<void> {
  const checks = await db
    .selectFrom("decisions")
    .select("kind")
    .where("pool", "=", "web")
    .where("inService", "=", workers)
    .execute();
  if (checks.length === ticks && checks.every(({ kind }) => kind === "hold")) return;
  throw new Error(`Of ${ticks} ticks on ${workers} workers ${checks.length} were decided on all of them, or not held.`);
}

/** The rows that a pool of this size has after hours of service. */
async function stagePool(db: Database, instanceIds: readonly string[]): Promise<void> {
  await db.deleteFrom("workers").execute();
  await db.deleteFrom("decisions").execute();
  const inServiceAt = new Date(Date.now() - 7_100_000);
  const rows = instanceIds.map((instanceId) => ({
    instanceId,
    pool: "web" as const,
    inServiceAt,
    registeredAt: inServiceAt,
    beatingSince: inServiceAt,
  }));
  for (let from = 0; from < rows.length; from += INSERT_ROWS)
    await db
      .insertInto("workers")
      .values(rows.slice(from, from + INSERT_ROWS))
      .execute();
  await db
    .updateTable("workers")
    .set({ loadPoints: JSON.stringify(loadPoints(Date.now())) })
    .execute();
  await db
    .updateTable("pools")
    .set({ min: 1, max: 10_000, desired: instanceIds.length, policyState: null })
    .where("name", "=", "web")
    .execute();
}

/** The newest heartbeat of every worker, half a beat ago. */
async function stageHeartbeats(db: Database, heartbeatSeconds: number): Promise<void> {
  const at = new Date(Date.now() - heartbeatSeconds * 500);
  await db.updateTable("workers").set({ at }).execute();
}

/** As many as a web worker keeps of itself. */
function loadPoints(now: number): object {
  const points = Array.from({ length: LOAD_POINTS }, (_, index) => ({
    at: now - (LOAD_POINTS - index) * LOAD_POINT_SECONDS * 1_000,
    cpuPercent: 50,
    requests: 140,
    successes: 139,
    failures: 0,
    responseMs: 4_200,
  }));
  return { periodSeconds: LOAD_POINT_SECONDS, points };
}

function medians(spent: readonly Spent[]): Spent {
  return {
    milliseconds: median(spent.map(({ milliseconds }) => milliseconds)),
    cpuMilliseconds: cpuOf(spent),
    peakBytes: Math.max(...spent.map(({ peakBytes }) => peakBytes)),
  };
}

function cpuOf(spent: readonly Spent[]): number {
  return median(spent.map(({ cpuMilliseconds }) => cpuMilliseconds));
}
