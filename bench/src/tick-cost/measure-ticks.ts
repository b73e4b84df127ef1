import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createCloud, destroyCloud } from "@elastic-gas/autoscaler/context/cloud";
import type { Context } from "@elastic-gas/autoscaler/context/context";
import { Lease } from "@elastic-gas/autoscaler/lease/lease";
import { Autoscaler } from "@elastic-gas/autoscaler/loop";
import { ensurePools } from "@elastic-gas/autoscaler/pools/pools";
import { readConfig } from "@elastic-gas/shared/config";
import { createLogger } from "@elastic-gas/shared/logger";
import { resourcesOf } from "@elastic-gas/shared/resources";
import { createTestDatabase } from "@elastic-gas/testing/database";
import { TEST_CREDENTIALS } from "@elastic-gas/testing/local-cloud/test-cloud";
import { ids, STAGED_PREFIX } from "./staged-answers.ts";

/** What one tick costs: listing, observing, deciding, planning and storing, with nothing to change. */
export interface TickCost {
  readonly workers: number;
  /** AWS calls in one tick, by operation. */
  readonly calls: Readonly<Record<string, number>>;
  /** Medians over the ticks; the process's own CPU time, without MariaDB's and the cloud's. */
  readonly milliseconds: number;
  readonly cpuMilliseconds: number;
  /**
   * Heap in use at the end of a tick above that before it, and what a collection leaves of it. NaN without --expose-gc.
   */
  readonly heapBytes: number;
  readonly keptBytes: number;
}

const INSERT_ROWS = 1_000;
const TICK_MS = 1_000;

/**
 * Runs whole ticks of the autoscaler on a web pool of each size. The cloud is a process of its own and answers on the
 * real wire.
 */
export async function measureTicks(
  sizes: readonly number[],
  { ticks }: { readonly ticks: number },
): Promise<readonly TickCost[]> {
  await using started = new AsyncDisposableStack();
  const staged = started.use(await startStagedCloud());
  const { db, url } = started.use(await createTestDatabase());
  const dataDir = await mkdtemp(join(tmpdir(), "tick-cost-"));
  started.defer(() => rm(dataDir, { recursive: true, force: true }));
  const { accessKeyId, secretAccessKey } = TEST_CREDENTIALS;
  await writeFile(
    join(dataDir, "credentials"),
    `[default]\naws_access_key_id = ${accessKeyId}\naws_secret_access_key = ${secretAccessKey}\n`,
  );
  const config = readConfig({
    AWS_ENDPOINT_URL: staged.endpoint,
    DATA_DIR: dataDir,
    DATABASE_URL: url,
    PREFIX: STAGED_PREFIX,
    TICK_SECONDS: String(TICK_MS / 1_000),
    FAST_TICK_SECONDS: String(TICK_MS / 1_000),
    LEASE_SECONDS: "120",
  });
  // A page of 1,000 instances takes long on a machine that does much else.
  const cloud = createCloud(config, { requestTimeoutMs: 60_000 });
  started.defer(() => destroyCloud(cloud));
  const context: Context = {
    config,
    resources: resourcesOf(config),
    db,
    cloud,
    lease: new Lease(db, { holder: "tick-cost", leaseSeconds: config.LEASE_SECONDS }),
    log: createLogger("tick-cost", process.env.LOG_LEVEL ?? "error"),
    userDataTemplate: "",
  };
  await ensurePools(db, new Date());
  for (const name of ["annotator", "utility"] as const)
    await db.updateTable("pools").set({ min: 0, desired: 0 }).where("name", "=", name).execute();

  const costs: TickCost[] = [];
  for (const workers of sizes) {
    await stagePool(context, workers);
    staged.stage(workers);
    const autoscaler = new Autoscaler(context, undefined);
    // Two that do not count: connections open and code warms up.
    const samples: Sample[] = [];
    for (let tick = -2; tick < ticks; tick += 1) {
      await new Promise((resolve) => setTimeout(resolve, TICK_MS));
      const sample = await runTick(autoscaler);
      if (tick >= 0) samples.push(sample);
      if (tick === -1) await staged.takeCalls();
    }
    const calls = await staged.takeCalls();
    const checks = await db
      .selectFrom("decisions")
      .select("kind")
      .where("pool", "=", "web")
      .where("inService", "=", workers)
      .execute();
    if (checks.length !== ticks + 2 || checks.some(({ kind }) => kind !== "hold"))
      throw new Error(
        `Of ${ticks + 2} ticks on ${workers} workers ${checks.length} were decided on all of them, and not all held.`,
      );
    const mid = (read: (sample: Sample) => number): number => median(samples.map(read));
    costs.push({
      workers,
      calls: Object.fromEntries(Object.entries(calls).map(([operation, count]) => [operation, count / ticks])),
      milliseconds: mid((sample) => sample.milliseconds),
      cpuMilliseconds: mid((sample) => sample.cpuMilliseconds),
      heapBytes: mid((sample) => sample.heapBytes),
      keptBytes: mid((sample) => sample.keptBytes),
    });
  }
  return costs;
}

type Sample = Omit<TickCost, "workers" | "calls">;

async function runTick(autoscaler: Autoscaler): Promise<Sample> {
  await autoscaler.renewLease();
  globalThis.gc?.();
  const [heap, cpu, began] = [process.memoryUsage().heapUsed, process.cpuUsage(), performance.now()];
  await autoscaler.pass(new AbortController().signal);
  const milliseconds = performance.now() - began;
  const { user, system } = process.cpuUsage(cpu);
  const heapBytes = process.memoryUsage().heapUsed - heap;
  globalThis.gc?.();
  const keptBytes = process.memoryUsage().heapUsed - heap;
  const isCollected = globalThis.gc !== undefined;
  return {
    milliseconds,
    cpuMilliseconds: (user + system) / 1_000,
    heapBytes: isCollected ? heapBytes : Number.NaN,
    keptBytes: isCollected ? keptBytes : Number.NaN,
  };
}

/** The rows that a pool of this size has after hours of service. */
async function stagePool({ db }: Context, size: number): Promise<void> {
  await db.deleteFrom("workers").execute();
  await db.deleteFrom("decisions").execute();
  const inServiceAt = new Date(Date.now() - 7_100_000);
  const rows = ids(size).map((instanceId) => ({
    instanceId,
    pool: "web" as const,
    inServiceAt,
    registeredAt: inServiceAt,
  }));
  for (let from = 0; from < rows.length; from += INSERT_ROWS)
    await db
      .insertInto("workers")
      .values(rows.slice(from, from + INSERT_ROWS))
      .execute();
  await db
    .updateTable("pools")
    .set({ min: 1, max: 10_000, desired: size, policyState: null })
    .where("name", "=", "web")
    .execute();
}

interface StagedCloud extends AsyncDisposable {
  readonly endpoint: string;
  stage(size: number): void;
  /** The calls since the last time, by operation. */
  takeCalls(): Promise<Readonly<Record<string, number>>>;
}

async function startStagedCloud(): Promise<StagedCloud> {
  const child = fork(fileURLToPath(new URL("staged-cloud-main.ts", import.meta.url)), [], { execArgv: [] });
  const exit = once(child, "exit");
  const answer = async (): Promise<{ readonly endpoint?: string; readonly calls?: Record<string, number> }> => {
    const [message] = await Promise.race([
      once(child, "message"),
      exit.then(() => Promise.reject(new Error("The staged cloud ended."))),
    ]);
    return message;
  };
  const { endpoint = "" } = await answer();
  return {
    endpoint,
    stage: (size) => child.send({ size }),
    async takeCalls() {
      const answered = answer();
      child.send("calls");
      return (await answered).calls ?? {};
    },
    async [Symbol.asyncDispose]() {
      child.disconnect();
      await exit;
    },
  };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
