import { formatInterval } from "@elastic-gas/shared/format/durations";
import type { z } from "zod";
import type { ApiPool, ApiStatus } from "../api/schemas.ts";
import { table } from "./table.ts";

type Status = z.infer<typeof ApiStatus>;
type Pool = z.infer<typeof ApiPool>;

/** The status as text: a table of pools, a line on each, then the alerts with what to do. */
export function showStatus(status: Status): string {
  const now = Date.parse(status.at);
  const heads = [
    "POOL",
    "DESIRED",
    "IN SERVICE",
    "WARMING",
    "PENDING",
    "DRAINING",
    "UNHEALTHY",
    "LIMITS",
    "NEXT CHECK",
  ];
  const rows = status.pools.map((pool) => {
    const { inService, warming, pending, draining, unhealthy } = pool.counts;
    const numbers = [pool.desired, inService, warming, pending, draining, unhealthy].map(String);
    return [pool.name, ...numbers, `${pool.min}-${pool.max}`, nextCheck(pool, now)];
  });
  return [
    status.pools.length === 0 ? "No pools yet: the autoscaler makes them at its first check.\n" : table(heads, rows),
    ...status.pools.map(
      (pool) => `\n${pool.name}: ${sentenceOf(pool)}\n  policy v${pool.policyVersion}, ${pool.rule}\n`,
    ),
    "\n",
    autoscalerLine(status, now),
    status.url === null ? "" : `user-app: ${status.url}\n`,
    status.stopping ? "The manager is stopping: no new workers start.\n" : "",
    status.alerts.length === 0 ? "No alerts.\n" : `\n${status.alerts.map(showAlert).join("")}`,
  ].join("");
}

function nextCheck({ nextCheckAt, paused, manualUntil }: Pool, now: number): string {
  if (paused !== null) return "paused";
  const held = manualUntil === null ? 0 : Date.parse(manualUntil) - now;
  if (held > 0) return `held ${formatInterval(held)}`;
  if (nextCheckAt === null) return "-";
  const left = Date.parse(nextCheckAt) - now;
  return left > 0 ? `in ${formatInterval(left)}` : "due";
}

function sentenceOf({ lastCheck, paused, stopping }: Pool): string {
  if (stopping) return "Stopping: every worker is drained and terminated.";
  if (paused !== null) return `Paused by ${paused.by}. Lost workers are still replaced.`;
  return lastCheck?.sentence ?? "Nothing decided yet.";
}

function autoscalerLine({ autoscaler, cloudFailure }: Status, now: number): string {
  const { ticking, lastCheckAt } = autoscaler;
  const last =
    lastCheckAt === null ? "no check yet" : `last check ${formatInterval(now - Date.parse(lastCheckAt))} ago`;
  const line = `autoscaler: ${lastCheckAt === null ? "not seen yet" : ticking ? "running" : "silent"}, ${last}\n`;
  return cloudFailure === null ? line : `${line}AWS: ${cloudFailure}\n`;
}

function showAlert({ tone, sentence, remedy }: Status["alerts"][number]): string {
  const mark = { bad: "PROBLEM", warn: "WARNING", info: "NOTE" }[tone];
  return `${mark}: ${sentence}\n${remedy === null ? "" : `  What to do: ${remedy}\n`}`;
}
