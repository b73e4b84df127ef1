import { EC2Client } from "@aws-sdk/client-ec2";
import { listInstances } from "@elastic-gas/shared/aws/instances";
import type { Database } from "@elastic-gas/shared/database/connect";
import { pause } from "@elastic-gas/shared/shutdown";
import { clientOf } from "@elastic-gas/testing/system/clients";
import type { ProofSystem } from "../prove/proof-system.ts";
import type { PoolSize, Told } from "./evidence.ts";

const EVERY_MS = 2_000;

export interface Watch {
  readonly sizes: readonly PoolSize[];
  readonly told: readonly Told[];
  readonly ended: Promise<unknown>;
}

/**
 * Looks at the pools and at what the manager tells, again and again. A look that fails, as it may during a fault, is
 * left out.
 */
export async function startWatch({ db, manager, system }: ProofSystem, signal: AbortSignal): Promise<Watch> {
  const sizes: PoolSize[] = [];
  const told: Told[] = [];
  const ec2 = await clientOf(EC2Client, system);
  let shown = new Set<string>();
  const lookAtPools = async (): Promise<void> => {
    // Rows before instances: what is chosen to end in between counts for too many, never for too few.
    const before = await readPools(db);
    const instances = await listInstances(ec2, system.prefix);
    const leaving = await listLeaving(db);
    const at = Date.now();
    for (const { name: pool, desired, min, max } of before) {
      const staying = instances.filter(
        ({ id, pool: of, state }) => of === pool && (state === "pending" || state === "running") && !leaving.has(id),
      ).length;
      sizes.push({ at, pool, desired, min, max, staying });
    }
  };
  const lookAtAlerts = async (): Promise<void> => {
    const alerts = await manager.alerts();
    const at = Date.now();
    for (const { id, sentence } of alerts) if (!shown.has(id)) told.push({ at, what: sentence });
    shown = new Set(alerts.map(({ id }) => id));
  };
  const loop = async (look: () => Promise<void>): Promise<void> => {
    while (!signal.aborted) {
      await look().catch(() => undefined);
      await pause(EVERY_MS, signal);
    }
  };
  const ended = Promise.all([loop(lookAtPools), loop(lookAtAlerts)]).finally(() => ec2.destroy());
  return { sizes, told, ended };
}

async function readPools(db: Database) {
  return db.selectFrom("pools").select(["name", "desired", "min", "max"]).execute();
}

async function listLeaving(db: Database): Promise<ReadonlySet<string>> {
  const rows = await db.selectFrom("workers").select("instanceId").where("draining", "=", true).execute();
  return new Set(rows.map(({ instanceId }) => instanceId));
}

/**
 * Decisions and activities that tell of something that went wrong: checks without an answer, lost and replaced workers,
 * launches.
 */
export async function listToldDecisions(db: Database, from: number): Promise<readonly Told[]> {
  const since = new Date(from);
  const [activities, decisions] = await Promise.all([
    db
      .selectFrom("activities")
      .select(["at", "reason"])
      .where("cause", "in", ["replacement", "launch"])
      .where("at", ">=", since)
      .execute(),
    db.selectFrom("decisions").select(["at", "reason", "facts"]).where("at", ">=", since).execute(),
  ]);
  const unchecked = decisions.filter(({ facts }) => /"not[- ]checked"/.test(JSON.stringify(facts)));
  return [...activities, ...unchecked].map(({ at, reason }) => ({ at: at.getTime(), what: reason }));
}
