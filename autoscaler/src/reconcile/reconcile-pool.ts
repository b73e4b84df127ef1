import { POOLS } from "@elastic-gas/scaling/pools";
import {
  isStaying,
  LAUNCH_FAILING,
  type LaunchFailures,
  type Plan,
  plan,
  type Victim,
} from "@elastic-gas/scaling/reconcile-plan";
import { type PoolUpdate, releaseOfLaunch, updateFor } from "@elastic-gas/scaling/rolling-update";
import { chosenToEnd, type Worker } from "@elastic-gas/scaling/worker-state";
import { describeReplacement } from "@elastic-gas/scaling/worker-state-reason";
import type { Database } from "@elastic-gas/shared/database/connect";
import { listWorkerRecords } from "@elastic-gas/shared/pools/workers";
import { getManifest } from "@elastic-gas/shared/releases/releases";
import {
  attachInstances,
  closeActivities,
  countOwned,
  insertActivity,
  listOpenActivities,
  listOwnLaunches,
  type NewActivity,
} from "../activities/activities.ts";
import { closedActivities, type PoolAtRest } from "../activities/closing.ts";
import { type Activity, ownerOfEnd, ownerOfLaunch } from "../activities/owner.ts";
import { type Context, callMs, type Pool, type PoolSnapshot } from "../context/context.ts";
import {
  chooseSubnet,
  insertLaunch,
  type Launch,
  launchFailures,
  settleLaunch,
  waitAfter,
  withdrawLaunch,
} from "../launches/launches.ts";
import { renderUserData } from "../launches/user-data.ts";
import type { Permit } from "../lease/lease.ts";
import { advanceUpdate } from "../releases/releases.ts";
import {
  forgetWorkers,
  listProtected,
  noteRegistered,
  publishStates,
  writeEndedBy,
  writeVictim,
} from "../workers/worker-records.ts";
import {
  deregisterWorkers,
  type LaunchOutcome,
  launchWorker,
  MOST_TERMINATED,
  newIntentId,
  registerWorkers,
  terminateWorkers,
} from "./calls.ts";

/** What was planned, for the page and for the next decision. */
export interface Reconciled {
  readonly plan: Plan;
  readonly failures: LaunchFailures;
}

/**
 * Brings one pool nearer to its desired state. Every step is safe to repeat and to be killed in: rows first, calls
 * after them, and each call does nothing when it was made before.
 */
export async function reconcilePool(context: Context, snapshot: PoolSnapshot, now: number): Promise<Reconciled> {
  const { config, db, lease } = context;
  const { pool } = snapshot;
  const open = await listOpenActivities(db, pool.name);
  const failures = failuresOf(snapshot);
  const workers = await withProtection(db, snapshot);
  const update = await advanceUpdate(context, { ...snapshot, workers }, now);
  const planned = plan(
    {
      ...POOLS[pool.name],
      desired: pool.desired,
      stopping: pool.stopping,
      bootDeadlineMs: config.BOOT_DEADLINE_SECONDS * 1_000,
      unhealthyGraceMs: config.UNHEALTHY_GRACE_SECONDS * 1_000,
      launching: snapshot.open.length,
      replacing: open.filter(({ cause }) => cause === "replacement").length,
      launchFailures: failures,
      update: update === null ? null : updateFor(update),
    },
    workers,
    now,
  );

  await markVictims(context, snapshot, planned.victims, now);
  await endWorkers(context, snapshot, planned);
  await register(context, snapshot, planned.register, now);
  const launched: Placed[] = [];
  while (launched.length < planned.launch) {
    const placed = await launch(context, snapshot, { failures, update, before: launched }, now);
    if (placed === null) break;
    launched.push(placed);
  }

  const victims = new Map(planned.victims.map((victim) => [victim.id, victim]));
  const left = workers.map((worker) => {
    const victim = victims.get(worker.id);
    return victim === undefined ? worker : chosenToEnd(worker, victim);
  });
  await lease.write((trx) =>
    publishStates(trx, pool.name, [...left, ...snapshot.ended], { records: snapshot.records, now }),
  );
  const staying = left.filter(isStaying).length;
  const complete = pool.stopping
    ? left.length === 0
    : snapshot.open.length === 0 && planned.launch === 0 && staying >= pool.desired;
  await closeFinished(context, snapshot, { workers: left, complete, desired: pool.desired }, now);
  await forgetWorkers(db, pool.name, new Set(snapshot.workers.map(({ id }) => id)), now);
  return { plan: planned, failures };
}

async function closeFinished(
  { db, lease }: Context,
  { pool, closable }: PoolSnapshot,
  after: Pick<PoolAtRest, "workers" | "complete" | "desired">,
  now: number,
): Promise<void> {
  const open = (await listOpenActivities(db, pool.name)).filter(({ id }) => closable.has(id));
  if (open.length === 0) return;
  // Read again: the victims of this pass belong to their activities by now.
  const records = new Map((await listWorkerRecords(db, { pool: pool.name })).map((row) => [row.instanceId, row]));
  const closings = closedActivities(open, { ...after, records, launches: await listOwnLaunches(db, open) }, now);
  if (closings.length > 0) await lease.write((trx) => closeActivities(trx, closings, now));
}

/**
 * Protection as it is now. The desired capacity may be newer than the snapshot, and who protects a worker and then
 * shrinks the pool must not lose that worker.
 */
async function withProtection(db: Database, { pool, workers }: PoolSnapshot): Promise<readonly Worker[]> {
  if (workers.length <= pool.desired) return workers;
  const ids = await listProtected(db, pool.name);
  return workers.map((worker) => ({ ...worker, protected: ids.has(worker.id) }));
}

/** Launch failures in a row, as the launch book and the workers' rows tell. */
function failuresOf(snapshot: Pick<PoolSnapshot, "launches" | "records" | "begunAt">): LaunchFailures {
  const reachedService = ({ instanceId }: Launch): boolean => {
    if (instanceId === null) return false;
    const record = snapshot.records.get(instanceId);
    // Without a row it was cleared away long after it had served.
    return record === undefined ? false : record.inServiceAt !== null;
  };
  return launchFailures(snapshot.launches, reachedService, snapshot.begunAt);
}

async function markVictims(
  { lease, log, config }: Context,
  { pool, launches, workers }: PoolSnapshot,
  victims: readonly Victim[],
  now: number,
): Promise<void> {
  if (victims.length === 0) return;
  await lease.write(async (trx, epoch) => {
    const open = [...(await listOpenActivities(trx, pool.name))];
    for (const victim of victims) {
      if (!(await writeVictim(trx, victim, epoch, now))) continue;
      if (victim.because?.kind === "overdue") {
        const launched = launches.find(({ instanceId }) => instanceId === victim.id);
        if (launched !== undefined) await settleLaunch(trx, launched.id, { failure: "not in service in time" }, now);
      }
      const named = ownerOfEnd(open, await countOwned(trx, open), victim.id);
      const activity = ownActivity({ pool, victim, named, timeZone: config.DISPLAY_TIME_ZONE }, now);
      if (activity === null) {
        if (named === undefined) continue;
        await writeEndedBy(trx, victim.id, named.id);
        await attachInstances(trx, named.id, [victim.id]);
      } else {
        const id = await insertActivity(trx, activity, epoch, now);
        await writeEndedBy(trx, victim.id, id);
        open.push({ id, at: now, ...activity });
      }
    }
  });
  for (const { id, cause, because } of victims) {
    const state = workers.find((worker) => worker.id === id)?.state;
    log.info({ pool: pool.name, instanceId: id, cause, because, state }, "worker chosen to end");
  }
}

/**
 * The row that a victim needs of its own; null when it belongs to one that is there: a shrink, a stop, somebody's
 * request.
 */
function ownActivity(
  {
    pool,
    victim,
    named,
    timeZone,
  }: {
    readonly pool: Pool;
    readonly victim: Victim;
    readonly named: Activity | undefined;
    readonly timeZone: string;
  },
  now: number,
): (NewActivity & Pick<Activity, "instanceIds">) | null {
  const common = {
    pool: pool.name,
    actor: "autoscaler",
    desiredBefore: pool.desired,
    desiredAfter: pool.desired,
    instanceIds: [victim.id],
  };
  switch (victim.cause) {
    case "shrink":
      return null;
    case "stop":
      return named?.cause === "stop"
        ? null
        : { ...common, cause: "stop", reason: `${pool.name} stopped: all workers drain and end.` };
    case "update":
      return {
        ...common,
        cause: "update",
        reason: `${pool.name} replaced ${victim.id} by a worker of another release.`,
      };
    case "replacement": {
      if (victim.because === null && named?.instanceIds.includes(victim.id) === true) return null;
      const reason = describeReplacement(pool.name, victim, { now, timeZone });
      return { ...common, cause: victim.because?.kind === "overdue" ? "launch" : "replacement", reason };
    }
  }
}

async function endWorkers(
  { lease, cloud, config, log }: Context,
  { pool, balancer }: PoolSnapshot,
  planned: Plan,
): Promise<void> {
  if (planned.deregister.length > 0 && balancer !== null) {
    const leaving = { targetGroupArn: balancer.targetGroupArn, instanceIds: planned.deregister };
    await deregisterWorkers(cloud.elbv2, leaving, lease.permit(callMs(config)));
    log.info({ pool: pool.name, instanceIds: planned.deregister }, "workers deregistered");
  }
  if (planned.terminate.length > 0) {
    // Those beyond the most that EC2 takes come in the next passes.
    const instanceIds = planned.terminate.slice(0, MOST_TERMINATED);
    await terminateWorkers(cloud.ec2, instanceIds, lease.permit(callMs(config)));
    log.info({ pool: pool.name, instanceIds }, "workers terminated");
  }
}

async function register(
  { lease, cloud, config, db, log }: Context,
  { pool, balancer }: PoolSnapshot,
  instanceIds: readonly string[],
  now: number,
): Promise<void> {
  if (instanceIds.length === 0 || balancer === null) return;
  const coming = { targetGroupArn: balancer.targetGroupArn, instanceIds };
  await registerWorkers(cloud.elbv2, coming, lease.permit(callMs(config)));
  await noteRegistered(db, instanceIds, now);
  log.info({ pool: pool.name, instanceIds }, "workers registered");
}

interface Placed {
  readonly subnetId: string | null;
  readonly releaseId: string | null;
}

/** One worker more: the intent's row, then the call. Null: it failed, and the others wait for the next pass. */
async function launch(
  context: Context,
  snapshot: PoolSnapshot,
  {
    failures,
    update,
    before,
  }: {
    readonly failures: LaunchFailures;
    readonly update: PoolUpdate | null;
    readonly before: readonly Placed[];
  },
  now: number,
): Promise<Placed | null> {
  const { cloud, config, db, lease, log, resources } = context;
  const { name: pool } = snapshot.pool;
  // Launches of this very pass count as well, or all of them would go to one zone.
  const placed = [...snapshot.workers.filter(isStaying), ...snapshot.open, ...before];
  const { current } = snapshot.releases;
  const releaseId =
    update === null
      ? current
      : releaseOfLaunch(
          update,
          placed.map((each) => each.releaseId),
        );
  if (releaseId === null) throw new Error("No release was published; ./start.sh publishes one when it starts.");
  const userData = await renderUserData(context.userDataTemplate, {
    s3: cloud.s3,
    bucket: resources.buckets.releases,
    pool,
    release: await getManifest(db, releaseId),
  });
  const intentId = newIntentId();
  const subnetId = chooseSubnet(config.WORKER_SUBNET_IDS, placed, snapshot.launches, now);
  const activityId = await lease.write(async (trx, epoch) => {
    const open = await listOpenActivities(trx, pool);
    const owner = ownerOfLaunch(open, await countOwned(trx, open))?.id ?? null;
    await insertLaunch(trx, { id: intentId, pool, subnetId, releaseId, activityId: owner, epoch, now });
    return owner;
  });

  const outcome = await askForLaunch(context, { intentId, pool, subnetId, releaseId, userData });
  if (outcome.kind === "not sent") {
    await withdrawLaunch(db, intentId);
    throw outcome.error;
  }
  if (outcome.kind === "launched") {
    await settleLaunch(db, intentId, { instanceId: outcome.instanceId }, now);
    if (activityId !== null) await lease.write((trx) => attachInstances(trx, activityId, [outcome.instanceId]));
    log.info({ pool, instanceId: outcome.instanceId, intentId, subnetId, releaseId }, "worker launched");
    return { subnetId, releaseId };
  }
  log.error({ pool, intentId, subnetId, failure: outcome.failure, known: outcome.kind === "failed" }, "launch failed");
  if (outcome.kind === "unknown") return null;
  await settleLaunch(db, intentId, { failure: outcome.failure }, now);
  await lease.write((trx, epoch) =>
    insertActivity(
      trx,
      {
        pool,
        cause: "launch",
        actor: "autoscaler",
        desiredBefore: snapshot.pool.desired,
        desiredAfter: snapshot.pool.desired,
        reason: launchFailed(failures.inARow + 1, outcome.failure),
        ended: { status: "failed", result: outcome.failure.slice(0, 1_000) },
      },
      epoch,
      now,
    ),
  );
  return null;
}

async function askForLaunch(
  { cloud, config, lease }: Context,
  asked: Parameters<typeof launchWorker>[1],
): Promise<LaunchOutcome> {
  let permit: Permit;
  try {
    permit = lease.permit(callMs(config));
  } catch (error) {
    // Too little of the lease is left.
    return { kind: "not sent", error };
  }
  return launchWorker(cloud.ec2, asked, config, permit);
}

function launchFailed(inARow: number, failure: string): string {
  const times = inARow === 1 ? "once" : inARow === 2 ? "twice" : `${inARow} times in a row`;
  const wait = Math.round(waitAfter(inARow) / 1_000);
  const next = wait < 120 ? `${wait}\u00a0s` : `${Math.round(wait / 60)}\u00a0min`;
  const state =
    inARow >= LAUNCH_FAILING ? " The pool is launch failing: one at a time until one comes into service." : "";
  return `Launch failed ${times} (${failure}). Next try in ${next}.${state}`;
}
