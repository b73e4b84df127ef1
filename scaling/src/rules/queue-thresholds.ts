import { type Decided, type DecisionFacts, hold, resize } from "../decision.ts";
import { clamp } from "../numbers.ts";
import { lasting, type Observation, type SeenQueue } from "../observation.ts";
import type { QueueThresholdsPolicy } from "../policy.ts";
import { changeSize, type State, settledSince, withoutLowChecks } from "../policy-state.ts";
import type { Finding } from "../reasons/reason.ts";
import { awaitWorkers } from "./holding.ts";

export const CONFIRM_CHECKS = 2;
/** CloudWatch shows the newest periods late; they are not counted as missing. */
const LATE_PERIODS = 2;
/** A worker that just came has not had the time to take its share of what waits. */
const SHARE_SECONDS = 60;

/**
 * +1 when many messages were sent or many wait for each worker, and messages wait; -1 when few were sent, nothing waits
 * and a worker is idle. The two guards are what the arrivals alone lack: a constant arrival that the pool serves grows
 * nothing, and a backlog shrinks nothing.
 */
export function decideQueueThresholds(
  policy: QueueThresholdsPolicy,
  seen: Observation,
  state: State,
  now: number,
): Decided {
  const queue = seen.queue;
  if (queue === null) {
    return { decision: hold(seen, { kind: "queue-silent" }, {}), state: withoutLowChecks(state) };
  }
  const settledAt = settledSince(state, seen);
  const sent = sentWithin(queue, seen, policy.windowSeconds, now);
  const withinSeconds = lasting(seen, policy.windowSeconds) / 1000;
  const perWorker = queue.waiting / Math.max(1, seen.desired);
  const serving = seen.workers.filter((worker) => worker.state === "in service");
  const idle = serving.filter((worker) => worker.busy === false).length;
  const facts: DecisionFacts = {
    measured: sent.count,
    unit: "messages",
    growAbove: policy.growAboveSent,
    shrinkBelow: policy.shrinkBelowSent,
    waiting: queue.waiting,
    backlogPerWorker: perWorker,
    idle,
    ...(state.change === null ? {} : { lastChange: state.change }),
  };
  const same = (reason: Parameters<typeof hold>[1], next: State = withoutLowChecks(state)): Decided => ({
    decision: hold(seen, reason, facts),
    state: next,
  });

  if (settledAt === null) return same(awaitWorkers(seen, now));

  const manySent = sent.count > policy.growAboveSent;
  const manyWait = perWorker > policy.growAboveBacklogPerWorker;
  if (queue.waiting > 0 && (manySent || manyWait)) {
    const shareLeft = settledAt + lasting(seen, SHARE_SECONDS) - now;
    if (shareLeft > 0) return same({ kind: "share-awaited", secondsLeft: Math.ceil(shareLeft / 1000) });
    const finding: Finding = manyWait
      ? { kind: "backlog-above", perWorker, limit: policy.growAboveBacklogPerWorker }
      : { kind: "many-sent", sent: sent.count, withinSeconds, limit: policy.growAboveSent, waiting: queue.waiting };
    const desired = clamp(seen.desired + 1, seen);
    if (desired <= seen.desired) {
      return same({ kind: "at-maximum", max: seen.max, wanted: seen.desired + 1, finding });
    }
    const { pool, desired: from, max } = seen;
    return {
      decision: resize({ kind: "thresholds-grew", pool, from, to: desired, finding, max }, facts),
      state: { ...changeSize(state, from, desired, now), grewAt: now },
    };
  }

  if (queue.waiting > 0 || manySent) {
    return same({ kind: "thresholds-waits", perWorker, limit: policy.growAboveBacklogPerWorker });
  }
  if (sent.count >= policy.shrinkBelowSent) {
    return same({ kind: "thresholds-arrivals", sent: sent.count, withinSeconds, limit: policy.shrinkBelowSent });
  }
  const finding: Finding = { kind: "few-sent", sent: sent.count, withinSeconds, limit: policy.shrinkBelowSent, idle };
  if (seen.desired <= seen.min) return same({ kind: "at-minimum", min: seen.min, finding });
  if (!sent.complete) return same({ kind: "data-missing", withinSeconds });
  if (idle === 0) {
    const busy = serving.filter((worker) => worker.busy === true).length;
    return same({ kind: "no-idle-worker", busy, of: serving.length });
  }
  const cooldownEndsAt = (state.change?.at ?? Number.NEGATIVE_INFINITY) + lasting(seen, policy.cooldownSeconds);
  if (state.change !== null && now < cooldownEndsAt) {
    const { from, to } = state.change;
    const secondsLeft = Math.ceil((cooldownEndsAt - now) / 1000);
    return same({ kind: "cooling-down", secondsLeft, change: { from, to } }, state);
  }
  const low = { checks: state.low.checks + 1, dataUntil: now };
  if (low.checks < CONFIRM_CHECKS) {
    return same({ kind: "would-shrink", finding, have: low.checks, need: CONFIRM_CHECKS }, { ...state, low });
  }
  const { pool, desired: from } = seen;
  return {
    decision: resize({ kind: "thresholds-shrank", pool, from, to: from - 1, finding, checks: CONFIRM_CHECKS }, facts),
    state: changeSize(state, from, from - 1, now),
  };
}

/** Messages sent in the window, and whether every period of it but the newest is known. */
function sentWithin(
  queue: SeenQueue,
  seen: Observation,
  windowSeconds: number,
  now: number,
): { count: number; complete: boolean } {
  const period = seen.periodSeconds * 1000;
  const end = Math.floor(now / period) * period;
  const periods = Math.max(1, Math.round(lasting(seen, windowSeconds) / period));
  const points = queue.sent.filter((point) => point.at >= end - periods * period && point.at < end);
  const known = new Set(points.map((point) => Math.floor(point.at / period) * period));
  let complete = true;
  for (let age = LATE_PERIODS + 1; age <= periods; age += 1) complete &&= known.has(end - age * period);
  return { count: points.reduce((sum, point) => sum + point.count, 0), complete };
}
