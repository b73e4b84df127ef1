import type { EC2Client } from "@aws-sdk/client-ec2";
import { listInstances } from "@elastic-gas/shared/aws/instances";
import type { Database } from "@elastic-gas/shared/database/connect";
import type { Logger } from "@elastic-gas/shared/logger";
import type { Resources } from "@elastic-gas/shared/resources";
import { pause } from "@elastic-gas/shared/shutdown";
import { readStopRequest } from "../../read/stop-request.ts";

export interface StopDeps {
  readonly db: Database;
  readonly ec2: EC2Client;
  readonly resources: Resources;
  readonly log: Logger;
  /** The run of start.sh; a request from an earlier run is over as soon as the autoscaler has begun this one. */
  readonly startId: string | undefined;
}

const LOOK_MS = 2_000;
/** A launch that was asked for may still appear for this long. */
const LAUNCH_APPEARS_MS = 120_000;

/** Resolves with true when the stop is carried out, that is, no worker is left; with false when the signal aborted. */
export async function waitUntilStopped(deps: StopDeps, signal: AbortSignal): Promise<boolean> {
  while (!signal.aborted) {
    try {
      if (await isStopped(deps)) return true;
    } catch (error) {
      deps.log.warn({ err: error }, "could not check whether the stop is over");
    }
    await pause(LOOK_MS, signal);
  }
  return false;
}

export async function isStopped({ db, ec2, resources, startId }: StopDeps): Promise<boolean> {
  if ((await readStopRequest(db)) === null) return false;
  const pools = await db.selectFrom("pools").select(["stopping", "startId"]).execute();
  const isOurs = pools.every((pool) => pool.stopping && (startId === undefined || pool.startId === startId));
  if (pools.length === 0 || !isOurs) return false;
  const launching = await db
    .selectFrom("launchIntents")
    .select("id")
    .where("state", "=", "wanted")
    .where("createdAt", ">", new Date(Date.now() - LAUNCH_APPEARS_MS))
    .executeTakeFirst();
  if (launching !== undefined) return false;
  const instances = await listInstances(ec2, resources.prefix);
  return instances.every((instance) => instance.state === "terminated");
}
