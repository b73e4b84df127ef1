import { countWorkers, lasting, type Observation } from "../observation.ts";
import type { Reason } from "../reasons/reason.ts";
import { WINDOW_MINUTES } from "./minutes.ts";

/** Waits for workers on their way, with the time that the slowest one has left. */
export function awaitWorkers(seen: Observation, now: number): Extract<Reason, { kind: "workers-awaited" }> {
  const { warming, pending } = countWorkers(seen);
  return { kind: "workers-awaited", warming, pending, secondsLeft: bootLeft(seen, now) };
}

function bootLeft(seen: Observation, now: number): number | null {
  if (seen.bootSeconds === null) return null;
  const boot = seen.bootSeconds * 1000;
  const launched = seen.workers.filter((worker) => worker.state === "pending" || worker.state === "warming");
  const ends = launched.map((worker) => (worker.launchedAt ?? now) + boot);
  const left = Math.max(...ends, seen.launching > 0 || ends.length === 0 ? now + boot : 0) - now;
  return left > 0 ? Math.ceil(left / 1000) : null;
}

/** The window does not lie after the last change yet. */
export function awaitData(
  seen: Observation,
  now: number,
  settledAt: number,
): Extract<Reason, { kind: "data-awaited" }> {
  const minute = lasting(seen, 60);
  const firstFull = Math.ceil(settledAt / minute) * minute;
  const left = firstFull + WINDOW_MINUTES * minute - now;
  return {
    kind: "data-awaited",
    minutes: WINDOW_MINUTES,
    secondsLeft: left > 0 ? Math.ceil(left / 1000) : null,
  };
}
