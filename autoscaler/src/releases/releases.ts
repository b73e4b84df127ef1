import { isDeepStrictEqual } from "node:util";
import { judgeUpdate, type PoolUpdate, updateFor } from "@elastic-gas/scaling/rolling-update";
import { describeStep, type RollBackReason, readStep, type UpdateStep } from "@elastic-gas/scaling/update-reason";
import {
  type ActiveUpdate,
  findActiveUpdate,
  findCurrentRelease,
  isThrough,
} from "@elastic-gas/shared/releases/updates";
import { POOL_NAMES, type PoolName } from "@elastic-gas/shared/resources";
import type { Context, PoolSnapshot, Releases } from "../context/context.ts";

/** What workers run now. An update that every pool is through with ends here. */
export async function readReleases(context: Context): Promise<Releases> {
  const { db, lease, log } = context;
  const update = await findActiveUpdate(db);
  if (update !== null && isThrough(update)) {
    const state = update.state === "rolling back" ? "rolled back" : "completed";
    await lease.write((trx) =>
      trx
        .updateTable("releaseUpdates")
        .set({ state, active: null, finishedAt: new Date(lease.now()) })
        .where("id", "=", update.id)
        .where("state", "=", update.state)
        .execute(),
    );
    log.info({ from: update.from, to: update.to, state }, "update over");
    return { current: await findCurrentRelease(db), update: await findActiveUpdate(db) };
  }
  return { current: update?.from ?? (await findCurrentRelease(db)), update };
}

/**
 * Judges the update in one pool and writes down where it stands: the canary's proof, the end, the way back. Gives the
 * update as the plan is to see it. Rows first: whoever is killed afterwards finds them.
 */
export async function advanceUpdate(context: Context, snapshot: PoolSnapshot, now: number): Promise<PoolUpdate | null> {
  const { pool, releases, open } = snapshot;
  const { update } = releases;
  if (update === null || pool.stopping) return null;
  const seen = poolUpdate(update, pool.name);
  if (seen === null) return null;
  const before = update.pools.get(pool.name);
  const step = judgeUpdate(
    seen,
    {
      workers: snapshot.workers,
      records: snapshot.records,
      launching: open.map(({ releaseId }) => releaseId),
      failedLaunches: snapshot.launches.flatMap(({ state, instanceId, releaseId, updatedAt }) =>
        state === "failed" && instanceId !== null ? [{ instanceId, releaseId, at: updatedAt }] : [],
      ),
      unhealthyGraceMs: context.config.UNHEALTHY_GRACE_SECONDS * 1_000,
    },
    now,
  );
  const canaryPassedAt = seen.canaryPassedAt ?? (step.kind === "proved" ? now : null);
  const { target } = updateFor(seen);
  const isWritten = isDeepStrictEqual(readStep(before?.step), step);
  if (!isWritten || (step.kind === "done" && before?.doneRelease !== target)) {
    await writeStep(context, { updateId: update.id, pool: pool.name, target, step, canaryPassedAt }, now);
  }
  if (step.kind === "failed") {
    // The other pools of this pass still go on; from the next one on all go back.
    await rollBack(context, update, step.because);
    return { ...seen, state: "rolling back" };
  }
  return { ...seen, canaryPassedAt };
}

/** The update in one pool: its turn comes when the pools before it are through. On the way back all go at once. */
function poolUpdate(update: ActiveUpdate, pool: PoolName): PoolUpdate | null {
  const { state, from, to, startedAt, canarySeconds, pools } = update;
  if (state === "completed" || state === "rolled back") return null;
  const isTurn = isThrough(update, POOL_NAMES.slice(0, POOL_NAMES.indexOf(pool)));
  return { state, from, to, startedAt, canarySeconds, isTurn, canaryPassedAt: pools.get(pool)?.canaryPassedAt ?? null };
}

async function writeStep(
  { lease, log, config }: Context,
  written: {
    readonly updateId: number;
    readonly pool: PoolName;
    readonly target: string;
    readonly step: UpdateStep;
    readonly canaryPassedAt: number | null;
  },
  now: number,
): Promise<void> {
  const { updateId, pool, target, step, canaryPassedAt } = written;
  const change = {
    step: JSON.stringify(step),
    canaryPassedAt: canaryPassedAt === null ? null : new Date(canaryPassedAt),
    doneRelease: step.kind === "done" ? target : null,
  };
  await lease.write((trx) =>
    trx
      .insertInto("releaseUpdatePools")
      .values({ updateId, pool, ...change })
      .onDuplicateKeyUpdate(change)
      .execute(),
  );
  const said = describeStep(step, { now, timeZone: config.DISPLAY_TIME_ZONE });
  log.info({ pool, step: step.kind, said }, "update goes on");
}

/** Somebody may have asked for the way back at the same moment: the first reason stays. */
async function rollBack(
  { lease, log }: Context,
  { id, from, to }: ActiveUpdate,
  because: RollBackReason,
): Promise<void> {
  await lease.write((trx) =>
    trx
      .updateTable("releaseUpdates")
      .set({ state: "rolling back", reason: JSON.stringify(because) })
      .where("id", "=", id)
      .where("state", "in", ["running", "paused"])
      .execute(),
  );
  log.error({ from, to, because }, "update rolled back");
}
