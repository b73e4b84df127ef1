import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { EC2Client } from "@aws-sdk/client-ec2";
import { ensureLocalCredentials } from "@elastic-gas/local-cloud/credentials";
import { createAwsClient } from "@elastic-gas/shared/aws/clients";
import { type Instance, listInstances } from "@elastic-gas/shared/aws/instances";
import { type Config, isLoopback } from "@elastic-gas/shared/config";
import type { Logger } from "@elastic-gas/shared/logger";
import type { PoolName } from "@elastic-gas/shared/resources";
import { runLoop } from "@elastic-gas/shared/shutdown";
import { type Environment, settingsOf } from "../environment.ts";
import { nodeArguments, type Program } from "../programs.ts";
import { waitForHttp } from "../ready.ts";
import { type Part, type Supervised, spawnNode } from "../supervise.ts";
import { forwardRequests } from "./forward-requests.ts";
import { serveMetadata } from "./metadata.ts";

const LOOK_MS = 1_000;
const UP_DEADLINE_MS = 180_000;
const STOP_MS = 30_000; // as long as an instance gets
/** In the block of loopback addresses; those below are for other uses. */
const FIRST_ADDRESS = 10;
const LAST_ADDRESS = 254;

const WORKERS: Readonly<Record<PoolName, Program>> = { web: "user-app", annotator: "annotator", utility: "utility" };

export interface EmulatedWorkersOptions {
  readonly root: string;
  readonly config: Config;
  readonly environment: Environment;
  readonly log: Logger;
  /** Starts a part and keeps it running. */
  readonly begin: (part: Part) => Supervised;
}

export interface EmulatedWorkers {
  /** Resolves when all of them have ended. */
  stop(): Promise<void>;
}

interface Worker {
  readonly pool: PoolName;
  readonly address: string;
  readonly stop: () => Promise<void>;
}

/**
 * Does what an emulator's instances do not: for each one that runs, its pool's program runs on this machine, at an
 * address of its own, and ends with it. Connections to the balancer's port go to the web workers in turn, unless the
 * emulator listens there.
 */
export async function runEmulatedWorkers(options: EmulatedWorkersOptions): Promise<EmulatedWorkers> {
  const { config, log } = options;
  const ec2 = createAwsClient(EC2Client, config);
  const workers = new Map<string, Worker>();
  const ending = new Set<Promise<void>>();
  const forwarder = await forwardRequests(config.LB_PORT, () =>
    [...workers.values()]
      .filter(({ pool }) => pool === "web")
      .map(({ address }) => ({ host: address, port: config.WORKER_PORT })),
  );
  if (forwarder === undefined) log.debug({ port: config.LB_PORT }, "the emulator's own balancer listens");

  const end = (id: string, worker: Worker): void => {
    workers.delete(id);
    const ended = worker
      .stop()
      .catch((error: unknown) => log.error({ instanceId: id, err: error }, "worker not ended in order"))
      .finally(() => ending.delete(ended));
    ending.add(ended);
  };
  const stopping = new AbortController();
  const looking = runLoop({ name: "emulated workers", intervalMs: LOOK_MS, signal: stopping.signal, log }, async () => {
    const instances = await listInstances(ec2, config.PREFIX);
    const running = new Map(instances.filter(({ state }) => state === "running").map((each) => [each.id, each]));
    for (const [id, worker] of workers) if (!running.has(id)) end(id, worker);
    for (const [id, instance] of running) {
      if (workers.has(id) || stopping.signal.aborted) continue;
      workers.set(id, await beginWorker(instance, chooseAddress(instance, config, workers), options));
    }
  });
  return {
    async stop() {
      stopping.abort();
      await looking;
      for (const [id, worker] of workers) end(id, worker);
      await Promise.all(ending);
      await forwarder?.close();
      ec2.destroy();
    },
  };
}

/** Its own when this machine has it; else the first free one of the block. */
function chooseAddress(
  { address }: Instance,
  { LOCAL_ADDRESS_BLOCK: block }: Config,
  workers: ReadonlyMap<string, Worker>,
): string {
  if (address !== null && isLoopback(address)) return address;
  const taken = new Set([...workers.values()].map((worker) => worker.address));
  for (let last = FIRST_ADDRESS; last <= LAST_ADDRESS; last += 1)
    if (!taken.has(`${block}.${last}`)) return `${block}.${last}`;
  throw new Error(`All addresses of ${block}.* are in use: this machine runs no more workers.`);
}

async function beginWorker(instance: Instance, address: string, options: EmulatedWorkersOptions): Promise<Worker> {
  const { root, config, environment, begin } = options;
  const { id, pool } = instance;
  const credentials = await ensureLocalCredentials(config.DATA_DIR);
  const metadata = await serveMetadata({ instance, address, region: config.AWS_REGION, role: pool, credentials });
  const folder = join(config.DATA_DIR, "workers", id);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const supervised = begin({
    name: `${pool} ${id}`,
    start: () =>
      spawnNode({
        command: nodeArguments(WORKERS[pool]),
        root,
        environment: {
          ...settingsOf(environment, pool),
          DATA_DIR: folder,
          AWS_EC2_METADATA_SERVICE_ENDPOINT: `http://${address}:${metadata.port}`,
          AWS_EC2_METADATA_DISABLED: "false",
        },
        logFile: join(config.DATA_DIR, "logs", `${pool}-${id}.log`),
      }),
    ready: async (child, signal) => {
      if (pool === "web")
        await waitForHttp(`http://${address}:${config.WORKER_PORT}/healthz`, {
          child,
          signal,
          deadlineMs: UP_DEADLINE_MS,
        });
    },
    stopMs: STOP_MS,
  });
  return {
    pool,
    address,
    stop: async () => {
      await supervised.stop();
      await metadata.close();
    },
  };
}
