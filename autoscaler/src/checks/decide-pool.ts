import { checkSecondsOf } from "@elastic-gas/scaling/check-seconds";
import { type Decision, sentenceOfRecord, toDecisionRecord } from "@elastic-gas/scaling/decision";
import { countWorkers } from "@elastic-gas/scaling/observation";
import { readState } from "@elastic-gas/scaling/policy-state";
import { POOLS } from "@elastic-gas/scaling/pools";
import type { Reason } from "@elastic-gas/scaling/reasons/reason";
import { LAUNCH_FAILING, type LaunchFailures, type Plan } from "@elastic-gas/scaling/reconcile-plan";
import { decide } from "@elastic-gas/scaling/rules/decide";
import type { Tables } from "@elastic-gas/shared/database/tables";
import type { Transaction } from "kysely";
import { insertActivity } from "../activities/activities.ts";
import type { Context, PoolSnapshot } from "../context/context.ts";
import { observePool } from "../observe/observe-pool.ts";
import { readServiceTime } from "../observe/service-time.ts";
import { setDesired } from "../pools/pools.ts";
import { decideNotChecked } from "./not-checked.ts";

export interface LastPlan {
  readonly plan: Plan;
  readonly failures: LaunchFailures;
}

/**
 * One check of one pool: observe, decide, and store decision, state and new size in one transaction. False when
 * somebody changed the pool meanwhile: then nothing is stored and the check is made again.
 */
export async function decidePool(
  context: Context,
  snapshot: PoolSnapshot,
  last: LastPlan | undefined,
  now: Date,
): Promise<boolean> {
  const { config, cloud, db, lease, log, resources } = context;
  const { pool } = snapshot;
  const { balanced, queue } = POOLS[pool.name];
  const { seen, failure } = await observePool(
    cloud,
    {
      pool,
      workers: snapshot.workers,
      launching: snapshot.open.length,
      launchFailing: (last?.failures.inARow ?? 0) >= LAUNCH_FAILING,
      balancer: balanced ? snapshot.balancer : null,
      queueName: queue === null ? null : resources.queues[queue].name,
      service: queue === null ? null : await readServiceTime(db),
      records: snapshot.records,
    },
    {
      periodSeconds: config.METRIC_PERIOD_SECONDS,
      tickSeconds: checkSecondsOf(pool.policy.kind, config),
      minuteSeconds: config.RULE_MINUTE_SECONDS,
    },
    now.getTime(),
  );
  const decided = decide(pool.policy, seen, readState(pool.policyState), now);
  const wasBlind = failure !== null && isBlind(decided.decision);
  const decision = wasBlind ? decideNotChecked(pool, failure) : decided.decision;
  if (failure !== null)
    log.warn({ pool: pool.name, source: failure.source, err: failure.error }, "no answer for this check");
  const record = toDecisionRecord(decision, last?.plan.blockedBy ?? null);
  const sentence = sentenceOfRecord(record, "", { timeZone: config.DISPLAY_TIME_ZONE });
  const counts = countWorkers(seen);

  const stored = await lease.write(async (trx, epoch) => {
    const change = { desired: decision.desired, policyState: decided.state, now };
    if (!(await setDesired(trx, pool, wasBlind ? change : { ...change, checkedAt: now }))) return false;
    await trx
      .insertInto("decisions")
      .values({
        pool: pool.name,
        at: now,
        kind: decision.kind,
        desiredBefore: pool.desired,
        desiredAfter: decision.desired,
        inService: counts.inService,
        pending: counts.pending,
        warming: counts.warming,
        draining: counts.draining,
        measured: decision.facts.measured ?? null,
        policyVersion: pool.policyVersion,
        reason: sentence.slice(0, 1_000),
        facts: JSON.stringify(record),
      })
      .execute();
    if (decision.kind !== "hold") await noteChange(trx, snapshot, decision, { sentence, epoch, now });
    return true;
  });
  if (stored && decision.kind !== "hold") {
    log.info({ pool: pool.name, from: pool.desired, to: decision.desired, reason: sentence }, "pool resized");
  } else {
    log.debug({ pool: pool.name, reason: sentence, stored }, "pool checked");
  }
  return stored;
}

/**
 * The rule could say nothing for want of data. It may hold for other reasons all the same, and grow on what it knows.
 */
function isBlind({ reason }: Decision): boolean {
  return BLIND.has(reason.kind);
}

const BLIND: ReadonlySet<Reason["kind"]> = new Set<Reason["kind"]>([
  "no-data",
  "queue-silent",
  "data-missing",
  "data-awaited",
  "points-missing",
  "peak-unknown",
]);

async function noteChange(
  trx: Transaction<Tables>,
  { pool }: PoolSnapshot,
  decision: Decision,
  { sentence, epoch, now }: { readonly sentence: string; readonly epoch: number; readonly now: Date },
): Promise<void> {
  const { measured = null, forecast = [] } = decision.facts;
  const clamped = pool.desired < pool.min || pool.desired > pool.max;
  await insertActivity(
    trx,
    {
      pool: pool.name,
      cause: clamped ? "limits" : "policy",
      actor: "autoscaler",
      desiredBefore: pool.desired,
      desiredAfter: decision.desired,
      measured,
      forecast: forecast.at(-1)?.percent ?? null,
      reason: sentence,
    },
    epoch,
    now.getTime(),
  );
}
