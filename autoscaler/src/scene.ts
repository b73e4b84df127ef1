import { findRunBegan, insertActivity, listOpenActivities } from "./activities.ts";
import { type Context, type PoolScene, workerRules } from "./context.ts";
import type { Balancer } from "./fleet.ts";
import { expiredLaunches, listLaunches, openLaunches, settleLaunch } from "./launches.ts";
import type { PoolWishes } from "./pools.ts";
import { describeWorker, type SeenInstance, type SeenTarget, type Worker } from "./worker.ts";
import { listMemories, noteWorker, writeVanished } from "./workers.ts";

/** What AWS said in this pass. */
export interface Seen {
  readonly instances: readonly SeenInstance[];
  readonly targets: readonly SeenTarget[];
  readonly balancer: Balancer | null;
}

/** Puts AWS's answers and MySQL's memory of one pool together, and writes down what is new: workers, launches that appeared or did not, workers that vanished. */
export async function setScene(context: Context, pool: PoolWishes, seen: Seen, now: number): Promise<PoolScene> {
  const { db, config } = context;
  const instances = seen.instances.filter((instance) => instance.pool === pool.name);
  const memories = new Map((await listMemories(db, pool.name)).map((memory) => [memory.instanceId, memory]));
  const rules = { ...workerRules(config, pool.name), now };
  const workers: Worker[] = [];
  for (const instance of instances) {
    const memory = memories.get(instance.id);
    const target = seen.targets.find(({ instanceId }) => instanceId === instance.id);
    const worker = describeWorker(instance, target, memory, rules);
    if (worker !== null)
      workers.push(worker.state === "terminating" ? worker : await noteWorker(db, pool.name, worker, { memory, now }));
  }

  const launches = await listLaunches(db, pool.name);
  const ever = new Set([...instances.flatMap(({ id, intentId }) => [id, intentId ?? id]), ...memories.keys()]);
  for (const { id, intentId } of instances) {
    const launch = launches.find((entry) => entry.id === intentId);
    if (launch?.state === "wanted") await settleLaunch(db, launch.id, { instanceId: id }, now);
  }
  for (const launch of expiredLaunches(launches, ever, now)) {
    await settleLaunch(db, launch.id, { failure: "no instance appeared within 120 s" }, now);
  }
  await noteVanished(context, pool, { workers, memories, launches }, now);
  return {
    pool,
    balancer: pool.name === "web" ? seen.balancer : null,
    workers,
    memories: new Map((await listMemories(db, pool.name)).map((memory) => [memory.instanceId, memory])),
    launches: await listLaunches(db, pool.name),
    open: openLaunches(launches, ever, now),
    begunAt: await findRunBegan(db, pool.name),
  };
}

/** A worker that is gone, or going, although nobody of us ended it. */
async function noteVanished(
  { lease, log, db }: Context,
  pool: PoolWishes,
  seen: Pick<PoolScene, "workers" | "memories" | "launches">,
  now: number,
): Promise<void> {
  const going = (id: string): boolean => {
    const worker = seen.workers.find((entry) => entry.id === id);
    return worker === undefined || worker.state === "terminating";
  };
  const vanished = [...seen.memories.values()].filter(({ instanceId, draining }) => !draining && going(instanceId));
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
