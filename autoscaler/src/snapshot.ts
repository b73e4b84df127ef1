import {
  describeWorker,
  type SeenInstance,
  type SeenTarget,
  type Worker,
  type WorkerMemory,
} from "@elastic-gas/scaling/worker-state";
import type { Database } from "@elastic-gas/shared/database/connect";
import { findRunBegan, insertActivity, listOpenActivities } from "./activities.ts";
import { type Context, type PoolScene, workerRules } from "./context.ts";
import { type Balancer, listEnded } from "./fleet.ts";
import { doubtfulWorkers, expiredLaunches, type Launch, listLaunches, openLaunches, settleLaunch } from "./launches.ts";
import type { PoolWishes } from "./pools.ts";
import { listMemories, noteWorker, writeVanished } from "./workers.ts";

/** What AWS said in this pass. */
export interface Seen {
  readonly instances: readonly SeenInstance[];
  readonly targets: readonly SeenTarget[];
  readonly balancer: Balancer | null;
  /** Activities that were open before the wishes were read. */
  readonly endable: ReadonlySet<number>;
}

/** Puts AWS's answers and MySQL's memory of one pool together, and writes down what is new: workers, launches that appeared or did not, workers that vanished. */
export async function setScene(context: Context, pool: PoolWishes, seen: Seen, now: number): Promise<PoolScene> {
  const { db, config } = context;
  const instances = seen.instances.filter((instance) => instance.pool === pool.name);
  const targets = new Map(seen.targets.map((target) => [target.instanceId, target]));
  const memories = await readMemories(db, pool);
  const rules = { ...workerRules(config, pool.name), now };
  const workers: Worker[] = [];
  for (const instance of instances) {
    const memory = memories.get(instance.id);
    const worker = describeWorker(instance, targets.get(instance.id), memory, rules);
    if (worker !== null)
      workers.push(worker.state === "terminating" ? worker : await noteWorker(db, pool.name, worker, { memory, now }));
  }

  const launches = await listLaunches(db, pool.name, now);
  const wanted = new Map(launches.filter(({ state }) => state === "wanted").map((launch) => [launch.id, launch]));
  for (const { id, intentId } of instances) {
    const launch = wanted.get(intentId ?? "");
    if (launch !== undefined) await settleLaunch(db, launch.id, { instanceId: id }, now);
  }
  const gone = await findGone(context, { workers, memories, launches }, now);
  const ever = new Set([...instances.flatMap(({ id, intentId }) => [id, intentId ?? id]), ...memories.keys()]);
  for (const id of gone.doubtful) ever.delete(id);
  for (const launch of expiredLaunches(launches, ever, now)) {
    await settleLaunch(db, launch.id, { failure: "no instance appeared within 120 s" }, now);
  }
  await noteVanished(context, pool, { vanished: gone.vanished, launches }, now);
  return {
    pool,
    balancer: pool.name === "web" ? seen.balancer : null,
    workers,
    memories: await readMemories(db, pool),
    launches: await listLaunches(db, pool.name, now),
    open: openLaunches(launches, ever, now),
    endable: seen.endable,
    begunAt: await findRunBegan(db, pool.name),
  };
}

async function readMemories(db: Database, { name }: PoolWishes): Promise<ReadonlyMap<string, WorkerMemory>> {
  return new Map((await listMemories(db, name)).map((memory) => [memory.instanceId, memory]));
}

/** Workers that are gone, or going, although nobody of us ended them; and those of which EC2 does not say. */
async function findGone(
  { cloud, resources }: Context,
  { workers, memories, launches }: Pick<PoolScene, "workers" | "memories" | "launches">,
  now: number,
): Promise<{ readonly vanished: readonly WorkerMemory[]; readonly doubtful: readonly string[] }> {
  const there = new Set(workers.filter(({ state }) => state !== "terminating").map(({ id }) => id));
  const shown = new Set(workers.map(({ id }) => id));
  const lost = [...memories.values()].filter(({ instanceId, draining }) => !draining && !there.has(instanceId));
  const hidden = lost.map(({ instanceId }) => instanceId).filter((id) => !shown.has(id));
  const asked = doubtfulWorkers(launches, hidden, now);
  const ended = asked.length === 0 ? new Set() : await listEnded(cloud.ec2, resources.prefix, asked);
  const doubtful = asked.filter((id) => !ended.has(id));
  return { vanished: lost.filter(({ instanceId }) => !doubtful.includes(instanceId)), doubtful };
}

async function noteVanished(
  { lease, log, db }: Context,
  pool: PoolWishes,
  seen: { readonly vanished: readonly WorkerMemory[]; readonly launches: readonly Launch[] },
  now: number,
): Promise<void> {
  const { vanished } = seen;
  if (vanished.length === 0) return;
  const open = await listOpenActivities(db, pool.name);
  await lease.write(async (trx, epoch) => {
    for (const { instanceId, inServiceAt } of vanished) {
      const launch = seen.launches.find((entry) => entry.instanceId === instanceId);
      await writeVanished(trx, instanceId, epoch, now);
      if (inServiceAt === null && launch !== undefined)
        await settleLaunch(trx, launch.id, { failure: "ended before it came into service" }, now);
      if (open.some((activity) => activity.cause === "launch" && activity.instanceIds.includes(instanceId))) continue;
      await insertActivity(
        trx,
        {
          pool: pool.name,
          cause: "replacement",
          actor: "autoscaler",
          desiredBefore: pool.desired,
          desiredAfter: pool.desired,
          reason: pool.stopping ? `${instanceId} ended by itself.` : `${instanceId} vanished; replaced.`,
          instanceIds: [instanceId],
        },
        epoch,
        now,
      );
    }
  });
  for (const { instanceId } of vanished) log.warn({ pool: pool.name, instanceId }, "worker vanished");
}
