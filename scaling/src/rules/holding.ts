import { countWorkers, type Observation } from "../observation.ts";
import { duration, workers } from "./words.ts";

/** `Holding: 2 workers warming, about 40 s left.` */
export function holdingFor(seen: Observation, now: number): string {
  const { warming, pending } = countWorkers(seen);
  const parts = [
    warming > 0 ? `${workers(warming)} warming` : "",
    pending > 0 ? `${warming > 0 ? pending : workers(pending)} pending` : "",
  ];
  return `Holding: ${parts.filter((part) => part !== "").join(", ")}${timeLeft(seen, now)}.`;
}

function timeLeft(seen: Observation, now: number): string {
  if (seen.bootSeconds === null) return "";
  const launched = seen.workers.filter((worker) => worker.state === "pending" || worker.state === "warming");
  const ends = launched.map((worker) => (worker.launchedAt ?? now) + (seen.bootSeconds ?? 0) * 1000);
  const left = Math.max(...ends, seen.launching > 0 || ends.length === 0 ? now + seen.bootSeconds * 1000 : 0) - now;
  return left > 0 ? `, about ${duration(left)} left` : "";
}

/** The window does not lie after the last change yet. */
export function waitingForData(seen: Observation, now: number, settledAt: number): string {
  const period = seen.periodSeconds * 1000;
  const firstFull = Math.ceil(settledAt / period) * period;
  const left = firstFull + 2 * period - now;
  const wait = left > 0 ? `, about ${duration(left)} left` : "";
  return `Holding: the last two full minutes must lie after the last change${wait}.`;
}
