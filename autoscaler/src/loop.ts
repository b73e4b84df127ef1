import { checkSecondsOf } from "@elastic-gas/scaling/check-seconds";
import { clamp } from "@elastic-gas/scaling/numbers";
import { POOLS, readPolicy } from "@elastic-gas/scaling/pools";
import { type Instance, listInstances } from "@elastic-gas/shared/aws/instances";
import { type Balancer, findBalancer, listTargetHealth } from "@elastic-gas/shared/aws/load-balancer";
import { formatCountOf } from "@elastic-gas/shared/format/numbers";
import { findLatestDecision } from "@elastic-gas/shared/pools/decisions";
import { listPools } from "@elastic-gas/shared/pools/pools";
import type { PoolName } from "@elastic-gas/shared/resources";
import { runLoop } from "@elastic-gas/shared/shutdown";
import { insertActivity, listOpenActivityIds } from "./activities/activities.ts";
import { checkDueAt } from "./checks/check-due.ts";
import { decidePool } from "./checks/decide-pool.ts";
import { storeNotChecked } from "./checks/not-checked.ts";
import { type Context, callMs, type Pool, type PoolSnapshot, type Releases } from "./context/context.ts";
import { LeaseLostError } from "./lease/lease.ts";
import { BY_OWN_POINTS } from "./observe/own-points.ts";
import { publishPools } from "./observe/publish-sizes.ts";
import { type Seen, takeSnapshot } from "./observe/snapshot.ts";
import { isFailure, type SourceFailure, timed } from "./observe/sources.ts";
import { beginRun, ensurePools, setDesired } from "./pools/pools.ts";
import { type Reconciled, reconcilePool } from "./reconcile/reconcile-pool.ts";
import { readReleases } from "./releases/releases.ts";

export interface LoopOptions {
  /** The run of start.sh; the pools are resized to 1 once for each. */
  readonly startId: string | undefined;
  readonly signal: AbortSignal;
  /** Called when a pass has ended, well or not. */
  readonly onPass?: () => void;
}

/**
 * Runs until the signal aborts, or until the pools were told to stop and nothing is left: then it answers "stopped".
 * Survives every dependency failing.
 */
export async function runAutoscaler(
  context: Context,
  { startId, signal, onPass }: LoopOptions,
): Promise<"aborted" | "stopped"> {
  const { config, lease, log } = context;
  const own = new AbortController();
  const both = AbortSignal.any([signal, own.signal]);
  const autoscaler = new Autoscaler(context, startId);
  let stopped = false;
  // The first pass acts: it need not wait for the second.
  await autoscaler.renewLease();
  const renewing = runLoop({ name: "lease", intervalMs: (config.LEASE_SECONDS * 1_000) / 3, signal: both, log }, () =>
    autoscaler.renewLease(),
  );
  const intervalMs = () => autoscaler.nextPassInMs();
  await runLoop({ name: "reconcile", intervalMs, signal: both, log }, async () => {
    try {
      stopped = await autoscaler.pass(both);
    } finally {
      onPass?.();
    }
    if (stopped) own.abort();
  });
  await renewing;
  await lease.release().catch((error: unknown) => log.warn({ err: error }, "lease not given back, it will run out"));
  return stopped ? "stopped" : "aborted";
}

/** What AWS said in one pass. */
interface Look {
  readonly releases: Releases;
  readonly instances: readonly Instance[] | SourceFailure;
  readonly balancing: (Pick<Seen, "targets"> & { readonly balancer: Balancer }) | SourceFailure;
}

/** The state between two passes: nothing that a restart could not do without. */
export class Autoscaler {
  readonly #context: Context;
  readonly #startId: string | undefined;
  readonly #plans = new Map<PoolName, Reconciled>();
  readonly #checkedAt = new Map<PoolName, number>();
  readonly #dueAt = new Map<PoolName, number>();
  #balancer: Balancer | null = null;
  #standing: "acting" | "standing by" | "without MySQL" | null = null;
  #renewedAt: number | null = null;
  /** The database was away for so long, and no decision tells of it yet. */
  #untoldOutage: SourceFailure | null = null;
  #began = false;
  #publishedAt = Number.NEGATIVE_INFINITY;

  constructor(context: Context, startId: string | undefined) {
    this.#context = context;
    this.#startId = startId;
  }

  async renewLease(): Promise<void> {
    const { lease, log } = this.#context;
    const before = this.#standing;
    try {
      this.#standing = (await lease.renew()) ? "acting" : "standing by";
    } catch (error) {
      this.#standing = "without MySQL";
      if (before !== "without MySQL")
        log.error({ err: error }, "MySQL does not answer: pools keep their size, lost workers are not replaced");
      return;
    }
    const now = performance.now();
    if (before === "without MySQL" && this.#standing === "acting" && this.#renewedAt !== null)
      this.#untoldOutage = { source: "database", seconds: Math.round((now - this.#renewedAt) / 1_000), error: null };
    this.#renewedAt = now;
    if (this.#standing === before) return;
    log.info({ epoch: lease.epoch }, this.#standing === "acting" ? "acting" : "standing by, another autoscaler acts");
  }

  /** One look at everything and what follows from it. True: stopped, and nothing is left. */
  async pass(signal: AbortSignal): Promise<boolean> {
    const { lease, db } = this.#context;
    if (lease.epoch === null) {
      this.#began = false;
      return false;
    }
    if (!this.#began) {
      await ensurePools(db, new Date(lease.now()));
      await this.#beginRun();
      this.#began = true;
    }
    const closable = await listOpenActivityIds(db);
    const pools = await this.#withinLimits(await listPools(db, readPolicy));
    await this.#tellOutage(pools);
    const releases = await readReleases(this.#context);
    const look = { ...(await this.#look()), releases };
    if (signal.aborted) return false;
    // Side by side: a source that does not answer holds every pool up once, not one after another.
    const outcomes = await Promise.allSettled(
      pools.map((pool) => this.#survive(pool.name, () => this.#visit(pool, look, closable))),
    );
    const snapshots = outcomes.flatMap((outcome): PoolSnapshot[] => {
      if (outcome.status === "rejected") throw outcome.reason;
      return outcome.value == null ? [] : [outcome.value];
    });
    await this.#publish(snapshots);
    return (
      snapshots.length === pools.length &&
      snapshots.every(({ pool, workers, open }) => pool.stopping && workers.length === 0 && open.length === 0)
    );
  }

  /** Checks that were left out while the database was away could not be written down then. */
  async #tellOutage(pools: readonly Pool[]): Promise<void> {
    const outage = this.#untoldOutage;
    if (outage === null) return;
    const { config, lease } = this.#context;
    for (const pool of pools) {
      const wasDue = outage.seconds >= checkSecondsOf(pool.policy.kind, config);
      if (wasDue && !pool.stopping) await storeNotChecked(this.#context, pool, outage, new Date(lease.now()));
    }
    this.#untoldOutage = null;
  }

  /** Milliseconds until the next pass: no longer than until the next check is due, so that none waits for a pass. */
  nextPassInMs(): number {
    const { config, lease } = this.#context;
    const longest = config.RECONCILE_SECONDS * 1_000;
    if (lease.epoch === null) return longest;
    const now = lease.now();
    return Math.min(longest, ...[...this.#dueAt.values()].map((due) => due - now).filter((left) => left > 0));
  }

  /** Checks the pool when that is due, and reconciles it. Null: what it depends on gave no answer. */
  async #visit(pool: Pool, look: Look, closable: ReadonlySet<number>): Promise<PoolSnapshot | null> {
    const now = this.#context.lease.now();
    const isDue = !pool.stopping && (await this.#isDue(pool, now));
    const { instances, balancing, releases } = look;
    const tell = async (failure: SourceFailure): Promise<null> => {
      if (isDue) await storeNotChecked(this.#context, pool, failure, new Date(now));
      return null;
    };
    if (isFailure(instances)) return tell(instances);
    if (POOLS[pool.name].balanced && isFailure(balancing)) return tell(balancing);
    const { balancer, targets } = isFailure(balancing) ? { balancer: null, targets: [] } : balancing;
    let snapshot = await takeSnapshot(this.#context, pool, { instances, balancer, targets, closable, releases }, now);
    if (isDue) {
      const stored = await this.#survive(pool.name, () =>
        decidePool(this.#context, snapshot, this.#plans.get(pool.name), new Date(now)),
      );
      if (stored === false) this.#checkedAt.delete(pool.name);
      const fresh = (await listPools(this.#context.db, readPolicy)).find(({ name }) => name === pool.name);
      if (fresh !== undefined) snapshot = { ...snapshot, pool: fresh };
    }
    this.#plans.set(pool.name, await reconcilePool(this.#context, snapshot, now));
    return snapshot;
  }

  /**
   * Once a tick. From due time to due time, or the passes' own rhythm would stretch every tick. A check that fails
   * waits for the next tick: reconciling must go on meanwhile.
   */
  async #isDue({ name, policy }: Pool, now: number): Promise<boolean> {
    const { config } = this.#context;
    const tick = checkSecondsOf(policy.kind, config) * 1_000;
    const pointsMs = BY_OWN_POINTS.has(policy.kind) ? config.WORKER_METRIC_SECONDS * 1_000 : null;
    const last = this.#checkedAt.get(name) ?? (await this.#lastCheck(name));
    // A check of the future was made by a clock that was wrong; nothing waits until it comes.
    const due = last > now ? now : checkDueAt(last, { tickMs: tick, pointsMs });
    this.#dueAt.set(name, due);
    if (now < due) return false;
    const checkedAt = now - due < tick ? due : now;
    this.#checkedAt.set(name, checkedAt);
    this.#dueAt.set(name, checkDueAt(checkedAt, { tickMs: tick, pointsMs }));
    return true;
  }

  /** Without EC2's answer nothing can be said of any pool; without the load balancer's only its own pool waits. */
  async #look(): Promise<Omit<Look, "releases">> {
    const { cloud, resources, log } = this.#context;
    const [instances, balancing] = await Promise.all([
      timed("EC2", listInstances(cloud.ec2, resources.prefix)),
      timed("load balancer", this.#readBalancer()),
    ]);
    if (isFailure(instances)) log.error({ err: instances.error }, "could not list the instances, all pools wait");
    if (isFailure(balancing)) {
      this.#balancer = null;
      log.error({ err: balancing.error }, "could not read the load balancer, its pool waits");
    }
    return { instances, balancing };
  }

  async #readBalancer(): Promise<Pick<Seen, "targets"> & { readonly balancer: Balancer }> {
    const balancer = await this.#findBalancer();
    return { balancer, targets: await listTargetHealth(this.#context.cloud.elbv2, balancer.targetGroupArn) };
  }

  async #findBalancer(): Promise<Balancer> {
    const { cloud, resources } = this.#context;
    this.#balancer ??= await findBalancer(cloud.elbv2, resources);
    if (this.#balancer === null)
      throw new Error(`No load balancer "${resources.loadBalancer}" with a target group "${resources.targetGroup}".`);
    return this.#balancer;
  }

  /** Limits that were changed count at once, also while the pool holds or is paused. */
  async #withinLimits(pools: readonly Pool[]): Promise<readonly Pool[]> {
    const { lease, db, log } = this.#context;
    const outside = pools.filter((pool) => !pool.stopping && clamp(pool.desired, pool) !== pool.desired);
    if (outside.length === 0) return pools;
    for (const pool of outside) {
      const desired = clamp(pool.desired, pool);
      const why = desired > pool.desired ? `below the minimum of ${pool.min}` : `above the maximum of ${pool.max}`;
      const reason = `${pool.name} ${desired > pool.desired ? "grew" : "shrank"} ${pool.desired} → ${desired}: ${why}.`;
      await lease.write(async (trx, epoch) => {
        if (!(await setDesired(trx, pool, { desired, now: new Date(lease.now()) }))) return;
        const change = { desiredBefore: pool.desired, desiredAfter: desired };
        await insertActivity(
          trx,
          { pool: pool.name, cause: "limits", actor: "autoscaler", ...change, reason },
          epoch,
          lease.now(),
        );
      });
      log.info({ pool: pool.name, from: pool.desired, to: desired, reason }, "pool resized");
    }
    return listPools(db, readPolicy);
  }

  /** Once per run of start.sh: one worker in every pool, or its minimum; an earlier stop is over. */
  async #beginRun(): Promise<void> {
    const { lease, db, log } = this.#context;
    const startId = this.#startId;
    if (startId === undefined) return;
    for (const pool of await listPools(db, readPolicy)) {
      if (pool.startId === startId) continue;
      const desired = clamp(1, pool);
      await lease.write(async (trx, epoch) => {
        await beginRun(trx, pool.name, { startId, desired, now: new Date(lease.now()) });
        await insertActivity(
          trx,
          {
            pool: pool.name,
            cause: "start",
            actor: "start.sh",
            desiredBefore: pool.desired,
            desiredAfter: desired,
            reason:
              pool.desired === desired
                ? `${pool.name} started with ${formatCountOf(desired, "worker")}.`
                : `${pool.name} was reset from ${pool.desired} to ${desired} at start-up.`,
          },
          epoch,
          lease.now(),
        );
      });
      log.info({ pool: pool.name, from: pool.desired, to: desired, startId }, "pool resized at the start");
    }
  }

  async #lastCheck(pool: PoolName): Promise<number> {
    return (await findLatestDecision(this.#context.db, pool))?.at ?? Number.NEGATIVE_INFINITY;
  }

  async #publish(snapshots: readonly PoolSnapshot[]): Promise<void> {
    const { cloud, config, lease, log } = this.#context;
    const now = lease.now();
    if (now < this.#publishedAt + config.METRIC_PERIOD_SECONDS * 1_000) return;
    this.#publishedAt = now;
    const pools = snapshots.map(({ pool, workers, open }) => ({
      name: pool.name,
      desired: pool.desired,
      launching: open.length,
      workers,
    }));
    try {
      await publishPools(cloud.cloudwatch, pools, { now: new Date(now), permit: lease.permit(callMs(config)) });
    } catch (error) {
      log.warn({ err: error }, "pool metrics not published");
    }
  }

  /** One pool's failure is not another one's. */
  async #survive<Result>(pool: PoolName, work: () => Promise<Result>): Promise<Result | undefined> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof LeaseLostError) throw error;
      this.#context.log.error({ pool, err: error }, "pool not reconciled, goes on in the next pass");
      return undefined;
    }
  }
}
