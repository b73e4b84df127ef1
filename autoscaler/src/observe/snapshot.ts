import { describeWorker, endedWorker, isSilent, type Worker, workerRules } from "@elastic-gas/scaling/worker-state";
import { type Instance, listEnded } from "@elastic-gas/shared/aws/instances";
import type { Balancer, TargetHealth } from "@elastic-gas/shared/aws/load-balancer";
import type { Database } from "@elastic-gas/shared/database/connect";
import type { WorkerRecord } from "@elastic-gas/shared/pools/worker-record";
import { listBeats, listWorkerRecords } from "@elastic-gas/shared/pools/workers";
import { attachInstances, findRunBegan, insertActivity, listOpenActivities } from "../activities/activities.ts";
import type { Context, Pool, PoolSnapshot, Releases } from "../context/context.ts";
import {
  doubtfulWorkers,
  expiredLaunches,
  type Launch,
  listLaunches,
  openLaunches,
  settleLaunch,
} from "../launches/launches.ts";
import { noteWorker, writeEndedBy, writeLost } from "../workers/worker-records.ts";
import { BY_OWN_POINTS } from "./own-points.ts";

/** What AWS said in this pass. */
export interface Seen {
  readonly instances: readonly Instance[];
  readonly targets: readonly TargetHealth[];
  readonly balancer: Balancer | null;
  /** Activities that were open before the desired state was read. */
  readonly closable: ReadonlySet<number>;
  readonly releases: Releases;
}

/**
 * Puts AWS's answers and MySQL's records of one pool together, and writes down what is new: workers, launches that
 * appeared or did not, workers that were lost.
 */
export async function takeSnapshot(context: Context, pool: Pool, seen: Seen, now: number): Promise<PoolSnapshot> {
  const { db, config } = context;
  const instances = seen.instances.filter((instance) => instance.pool === pool.name);
  const targets = new Map(seen.targets.map((target) => [target.instanceId, target]));
  // The workers' own points are most of what MySQL holds: only what reads them fetches them.
  const loadPoints = BY_OWN_POINTS.has(pool.policy.kind) || seen.releases.update !== null;
  const records = await readRecords(db, pool, loadPoints);
  const rules = workerRules(pool.name, config);
  const mayBeWithoutDatabase = rules.balanced && [...records.values()].some((record) => isSilent(record, rules, now));
  const beats = mayBeWithoutDatabase ? await listBeats(db) : [];
  const workers: Worker[] = [];
  let isNews = false;
  for (const instance of instances) {
    const record = records.get(instance.id);
    const worker = describeWorker({ instance, target: targets.get(instance.id), record, beats }, rules, now);
    const noted = worker.state === "terminating" ? worker : await noteWorker(db, pool.name, worker, { record, now });
    isNews ||= noted !== worker;
    workers.push(noted);
  }

  const launches = await listLaunches(db, pool.name, now);
  const wanted = new Map(launches.filter(({ state }) => state === "wanted").map((launch) => [launch.id, launch]));
  for (const { id, intentId } of instances) {
    const launch = wanted.get(intentId ?? "");
    if (launch === undefined) continue;
    // Its answer was lost: the tag tells what became of it.
    await settleLaunch(db, launch.id, { instanceId: id }, now);
    const { activityId } = launch;
    if (activityId !== null) await context.lease.write((trx) => attachInstances(trx, activityId, [id]));
  }
  const gone = await findGone(context, { workers, records, launches }, now);
  const ever = new Set([...instances.flatMap(({ id, intentId }) => [id, intentId ?? id]), ...records.keys()]);
  for (const id of gone.doubtful) ever.delete(id);
  for (const launch of expiredLaunches(launches, ever, now)) {
    await settleLaunch(db, launch.id, { failure: "no instance appeared within 120 s" }, now);
  }
  await noteLost(context, pool, { lost: gone.lost, launches }, now);
  const noted = isNews || gone.lost.length > 0 ? await readRecords(db, pool, loadPoints) : records;
  const shown = new Set(workers.map(({ id }) => id));
  return {
    pool,
    balancer: seen.balancer,
    workers,
    ended: [...noted.values()]
      .filter(({ instanceId, draining }) => draining && !shown.has(instanceId))
      .map(endedWorker),
    records: noted,
    launches: await listLaunches(db, pool.name, now),
    open: openLaunches(launches, ever, now),
    closable: seen.closable,
    begunAt: await findRunBegan(db, pool.name),
    releases: seen.releases,
  };
}

async function readRecords(
  db: Database,
  { name }: Pool,
  loadPoints: boolean,
): Promise<ReadonlyMap<string, WorkerRecord>> {
  const records = await listWorkerRecords(db, { pool: name }, { loadPoints });
  return new Map(records.map((record) => [record.instanceId, record]));
}

/** Workers that are gone, or going, although nobody of us ended them; and those of which EC2 does not say. */
async function findGone(
  { cloud, resources }: Context,
  { workers, records, launches }: Pick<PoolSnapshot, "workers" | "records" | "launches">,
  now: number,
): Promise<{ readonly lost: readonly WorkerRecord[]; readonly doubtful: readonly string[] }> {
  const there = new Set(workers.filter(({ state }) => state !== "terminating").map(({ id }) => id));
  const shown = new Set(workers.map(({ id }) => id));
  const missing = [...records.values()].filter(({ instanceId, draining }) => !draining && !there.has(instanceId));
  const hidden = missing.map(({ instanceId }) => instanceId).filter((id) => !shown.has(id));
  const asked = doubtfulWorkers(launches, hidden, now);
  const ended = asked.length === 0 ? new Set() : await listEnded(cloud.ec2, resources.prefix, asked);
  const doubtful = asked.filter((id) => !ended.has(id));
  return { lost: missing.filter(({ instanceId }) => !doubtful.includes(instanceId)), doubtful };
}

async function noteLost(
  { lease, log, db }: Context,
  pool: Pool,
  seen: { readonly lost: readonly WorkerRecord[]; readonly launches: readonly Launch[] },
  now: number,
): Promise<void> {
  const { lost } = seen;
  if (lost.length === 0) return;
  const open = await listOpenActivities(db, pool.name);
  await lease.write(async (trx, epoch) => {
    for (const { instanceId, inServiceAt } of lost) {
      const launch = seen.launches.find((entry) => entry.instanceId === instanceId);
      await writeLost(trx, instanceId, epoch, now);
      if (inServiceAt === null && launch !== undefined)
        await settleLaunch(trx, launch.id, { failure: "ended before it came into service" }, now);
      if (open.some((activity) => activity.cause === "launch" && activity.instanceIds.includes(instanceId))) continue;
      const id = await insertActivity(
        trx,
        {
          pool: pool.name,
          cause: "replacement",
          actor: "autoscaler",
          desiredBefore: pool.desired,
          desiredAfter: pool.desired,
          reason: pool.stopping ? `${instanceId} ended by itself.` : `${instanceId} was lost; replaced.`,
          instanceIds: [instanceId],
        },
        epoch,
        now,
      );
      await writeEndedBy(trx, instanceId, id);
    }
  });
  for (const { instanceId } of lost) log.warn({ pool: pool.name, instanceId }, "worker lost");
}
