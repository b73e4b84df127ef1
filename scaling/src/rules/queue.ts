import { clamp, type Decided, type Facts, hold, resize, scaled } from "../decision.ts";
import type { Observation, SeenQueue } from "../observation.ts";
import type { QueuePolicy } from "../policy.ts";
import { changeSize, type State, settledSince } from "../policy-state.ts";
import { holdingFor } from "./holding.ts";
import { capital, checks, duration, figure, workers } from "./words.ts";

const CONFIRM_CHECKS = 2;
/** CloudWatch shows the newest periods late; they are not counted as missing. */
const LATE_PERIODS = 2;

/**
 * +1 when many messages were sent or many wait for each worker, and messages wait; -1 when few were sent, nothing waits and a worker is
 * idle. The two guards are what the arrivals alone lack: a constant arrival that the pool serves grows nothing, and a backlog shrinks nothing.
 */
export function decideQueue(policy: QueuePolicy, seen: Observation, state: State, now: number): Decided {
  const settledAt = settledSince(state, seen);
  const queue = seen.queue;
  if (queue === null) {
    const decision = hold(seen, "No data: the queue did not answer. Nothing grows or shrinks until it does.", {
      outcome: "no data",
    });
    return { decision, state: startAgain(state) };
  }
  const sent = sentWithin(queue, seen, policy.windowSeconds, now);
  const backlog = queue.waiting / Math.max(1, seen.desired);
  const serving = seen.workers.filter((worker) => worker.state === "in service");
  const idle = serving.filter((worker) => worker.busy === false).length;
  const span = duration(scaled(seen, policy.windowSeconds));
  const facts: Omit<Facts, "outcome"> = {
    measured: sent.count,
    unit: "messages",
    growAbove: policy.growAboveSent,
    shrinkBelow: policy.shrinkBelowSent,
    waiting: queue.waiting,
    backlogPerWorker: backlog,
    idle,
    ...(state.change === null ? {} : { lastChange: state.change }),
  };
  const same = (reason: string, more: Facts, next: State = startAgain(state)): Decided => ({
    decision: hold(seen, reason, { ...facts, ...more }),
    state: next,
  });

  if (settledAt === null) return same(holdingFor(seen, now), { outcome: "holding" });

  const sentWords = `${figure(sent.count)} messages were sent in ${span}`;
  const manySent = sent.count > policy.growAboveSent;
  const manyWait = backlog > policy.growAboveBacklogPerWorker;
  if (queue.waiting > 0 && (manySent || manyWait)) {
    // A worker that just came has not had the time to take its share of what waits.
    if (now < settledAt + seen.periodSeconds * 1000) {
      return same("Holding: the newest worker has been in service for less than a minute.", { outcome: "holding" });
    }
    const why = manyWait
      ? `${figure(backlog)} waiting jobs per worker are more than ${figure(policy.growAboveBacklogPerWorker)}`
      : `${sentWords}, more than ${figure(policy.growAboveSent)}, and ${figure(queue.waiting)} wait`;
    const desired = clamp(seen.desired + 1, seen);
    if (desired <= seen.desired) {
      return same(`At the maximum of ${seen.max}; the rule wants ${seen.desired + 1}. ${capital(why)}.`, {
        outcome: "at the limit",
      });
    }
    const decision = resize(seen, desired, `: ${why}. ${seen.desired} + 1 = ${desired}, maximum ${seen.max}.`, facts);
    return { decision, state: { ...changeSize(state, seen.desired, desired, now), grewAt: now } };
  }

  if (queue.waiting > 0 || sent.count >= policy.shrinkBelowSent) {
    const reason =
      queue.waiting > 0 || manySent
        ? `No change: ${figure(backlog)} waiting jobs per worker, grows above ${figure(policy.growAboveBacklogPerWorker)}.`
        : `No change: ${sentWords} and nothing waits, shrinks below ${figure(policy.shrinkBelowSent)}.`;
    return same(reason, { outcome: "no change" });
  }
  if (seen.desired <= seen.min) {
    return same(`At the minimum of ${seen.min}. ${capital(sentWords)} and nothing waits.`, { outcome: "at the limit" });
  }
  if (!sent.complete) {
    return same(`Shrink refused: data of the last ${span} are missing.`, { outcome: "no data" });
  }
  if (idle === 0) {
    const busy = serving.filter((worker) => worker.busy === true).length;
    return same(`Shrink refused: no worker is idle (${busy} of ${serving.length} run a job).`, {
      outcome: "shrink refused",
    });
  }
  const cooldownEndsAt = (state.change?.at ?? Number.NEGATIVE_INFINITY) + scaled(seen, policy.cooldownSeconds);
  if (state.change !== null && now < cooldownEndsAt) {
    const { from, to } = state.change;
    const reason = `Cooling down: ${duration(cooldownEndsAt - now)} left after ${to > from ? "growing" : "shrinking"} ${from} → ${to}.`;
    return same(reason, { outcome: "cooling down", secondsLeft: Math.ceil((cooldownEndsAt - now) / 1000) }, state);
  }
  const low = { checks: state.low.checks + 1, dataUntil: now };
  const counted = { have: Math.min(low.checks, CONFIRM_CHECKS), need: CONFIRM_CHECKS };
  const why = `${sentWords}, fewer than ${figure(policy.shrinkBelowSent)}, nothing waits and ${workers(idle)} ${idle === 1 ? "is" : "are"} idle`;
  if (counted.have < counted.need) {
    const reason = `Would shrink: ${why}, check ${counted.have} of ${counted.need}.`;
    return same(reason, { outcome: "would shrink", checks: counted }, { ...state, low });
  }
  const desired = seen.desired - 1;
  return {
    decision: resize(seen, desired, `: ${why}, ${checks(CONFIRM_CHECKS)} in a row. Only an idle worker goes.`, facts),
    state: changeSize(state, seen.desired, desired, now),
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
  const periods = Math.max(1, Math.round(scaled(seen, windowSeconds) / period));
  const points = queue.sent.filter((point) => point.at >= end - periods * period && point.at < end);
  const known = new Set(points.map((point) => Math.floor(point.at / period) * period));
  let complete = true;
  for (let age = LATE_PERIODS + 1; age <= periods; age += 1) complete &&= known.has(end - age * period);
  return { count: points.reduce((sum, point) => sum + point.count, 0), complete };
}

function startAgain(state: State): State {
  return { ...state, low: { checks: 0, dataUntil: null } };
}
