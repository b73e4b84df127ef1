import { join } from "node:path";
import { readConfig } from "@elastic-gas/shared/config";
import { emulatorEndpoint } from "./emulator-endpoint.ts";
import type { Environment } from "./environment.ts";
import { isAlive, processFile } from "./processes.ts";
import {
  describeTaken,
  findStrangersInBlock,
  findTakenPorts,
  type PortUse,
  readListeners,
  type TakenBlock,
} from "./taken-ports.ts";

/**
 * What stands in the way of a start, in words; undefined when nothing does. Throws when the settings are not usable.
 */
export async function checkPorts(environment: Environment, dataDir: string): Promise<string | undefined> {
  const emulator = emulatorEndpoint(environment);
  // The endpoint is made later; on one machine it is always there.
  const endpoint = environment.CLOUD === "aws" ? {} : { AWS_ENDPOINT_URL: "http://127.0.0.1" };
  const config = readConfig({ ...environment, ...endpoint });
  const manager: PortUse = { setting: "MANAGER_PORT", part: "manager", host: "0.0.0.0", port: config.MANAGER_PORT };
  const localCloud: readonly PortUse[] = [
    { setting: "LB_PORT", part: "load balancer", host: "127.0.0.1", port: config.LB_PORT },
    { setting: "LOCAL_CLOUD_PORT", part: "local-cloud", host: "127.0.0.1", port: config.LOCAL_CLOUD_PORT },
  ];
  const onThisMachine: readonly PortUse[] = [
    ...(emulator === undefined ? localCloud : []),
    { setting: "LOCAL_DATABASE_PORT", part: "MariaDB", host: "127.0.0.1", port: config.LOCAL_DATABASE_PORT },
  ];
  const isLocal = config.CLOUD === "local";
  // Parts whose supervisor was killed still hold their ports; the next supervisor ends them.
  const leftovers = Object.values(processFile(join(dataDir, "run", "parts.json")).read()).filter(isAlive);
  const own = new Set(leftovers.map(({ pid }) => pid));
  const taken = await findTakenPorts([manager, ...(isLocal ? onThisMachine : [])], own);
  const block =
    isLocal && emulator === undefined ? takenBlock(config.LOCAL_ADDRESS_BLOCK, { dataDir, own }) : undefined;
  if (taken.length === 0 && block === undefined) return undefined;
  const listening = new Set(readListeners().map(({ port }) => port));
  return describeTaken(taken, (port) => !listening.has(port), { block, chosen: environment });
}

function takenBlock(block: string, own: Parameters<typeof findStrangersInBlock>[1]): TakenBlock | undefined {
  const [owner] = findStrangersInBlock(block, own);
  if (owner === undefined) return undefined;
  let proposed = nextBlock(block);
  while (proposed !== block && findStrangersInBlock(proposed, own).length > 0) proposed = nextBlock(proposed);
  return { block, owner, proposed };
}

function nextBlock(block: string): string {
  const [first = "127", second = "0", third = "10"] = block.split(".");
  return `${first}.${second}.${(Number(third) + 1) % 256}`;
}
