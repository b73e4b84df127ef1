import { formatCountOf } from "@elastic-gas/shared/format/numbers";
import type { Alert } from "../fleet/alert.ts";
import type { AlertFacts } from "./alert-facts.ts";

const REPLACED_SHOWN_MS = 15 * 60_000;

export function replacedWorkers({ activities, now }: AlertFacts): readonly Alert[] {
  return activities
    .filter((activity) => activity.cause === "replacement" && now - activity.at <= REPLACED_SHOWN_MS)
    .map((activity) => ({
      id: `replaced-${activity.id}`,
      tone: activity.status === "failed" ? "bad" : "warn",
      pool: activity.pool,
      start: "A worker was replaced.",
      text: activity.reason,
      remedy:
        activity.status === "failed"
          ? "The replacement failed too: look at the launches of the pool under Decisions."
          : "Once is nothing to worry about. If it happens again, the console output of the worker tells why.",
      at: activity.at,
      link: { href: `/decisions?pool=${activity.pool}&kind=replace#a${activity.id}`, text: "Decision" },
    }));
}

export function silentWorkers({ workers, lastCpuAt, cpuMaxAgeMs, now }: AlertFacts): readonly Alert[] {
  const silent = workers.filter((worker) => {
    if (worker.state !== "in service" || !lastCpuAt.has(worker.id)) return false;
    const since = lastCpuAt.get(worker.id) ?? worker.inServiceAt ?? worker.launchedAt;
    return now - since > cpuMaxAgeMs;
  });
  const pools = [...new Set(silent.map((worker) => worker.pool))];
  return pools.map((pool) => {
    const ids = silent.filter((worker) => worker.pool === pool);
    return {
      id: `cpu-${pool}`,
      tone: "warn",
      pool,
      start: `${pool}: no CPU data from ${formatCountOf(ids.length, "worker")}`,
      text: `(${ids.map((worker) => worker.id).join(", ")}). The mean uses the others.`,
      remedy: "On AWS, check whether detailed monitoring is on. Replace the worker if its data do not come back.",
      at: Math.min(...ids.map((worker) => lastCpuAt.get(worker.id) ?? worker.launchedAt)),
      link: { href: `/workers?pool=${pool}`, text: "Workers" },
    };
  });
}

/** Workers that are in service and check no photos. One alert for all: they run one release with one model. */
export function missingModels({ workers, lacks, now }: AlertFacts): readonly Alert[] {
  const serving = workers.filter((worker) => worker.state === "in service" && worker.pool === "web");
  const lacking = serving.filter((worker) => lacks.has(worker.id));
  const [first] = lacking;
  if (first === undefined) return [];
  const all = lacking.length === serving.length;
  return [
    {
      id: "model-web",
      tone: all ? "bad" : "warn",
      pool: "web",
      start: "Mask model missing:",
      text: `${lacking.length} of ${formatCountOf(serving.length, "worker")} of web ${lacking.length === 1 ? "checks" : "check"} no photos. ${lacks.get(first.id)}`,
      remedy:
        "Uploads of photos are refused with 503 there; annotation goes on. Each worker looks for the model again every minute.",
      at: Math.max(...lacking.map((worker) => worker.inServiceAt ?? now)),
      link: { href: "/workers?pool=web", text: "Workers" },
    },
  ];
}
