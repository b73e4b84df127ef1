import { POOLS } from "@elastic-gas/scaling/pools";
import { formatInterval } from "@elastic-gas/shared/format/durations";
import { formatCountOf } from "@elastic-gas/shared/format/numbers";
import type { IconName } from "@elastic-gas/shared/ui/icons";
import type { StateWord } from "@elastic-gas/shared/ui/states";
import { type Html, h } from "@elastic-gas/shared/web/html";
import type { FleetSnapshot, PoolSnapshot } from "../../model/fleet/fleet-snapshot.ts";
import { isEnding } from "../../model/fleet/worker-snapshot.ts";
import type { Reader } from "../../model/reader.ts";
import { icon, state, time } from "../kit/parts.ts";

/** The word to type: an accident types no name. */
export function stopWord(prefix: string): string {
  return `${prefix}-gas`;
}

export function countWorkers({ workers }: Pick<FleetSnapshot, "workers">): number {
  return workers.filter((worker) => worker.state !== "terminated").length;
}

/** What the button says. */
export function stopWords(fleet: Pick<FleetSnapshot, "workers">): string {
  return `Stop manager and ${formatCountOf(countWorkers(fleet), "worker")}`;
}

/** What will end, pool by pool, with numbers of now. */
export function stopTable(fleet: FleetSnapshot, drainSeconds: number): Html {
  return h(
    "table",
    { class: "eg-table danger-table" },
    h(
      "thead",
      {},
      h("tr", {}, h("th", {}, "Pool"), h("th", { class: "eg-number" }, "Workers"), h("th", {}, "What happens")),
    ),
    h(
      "tbody",
      {},
      fleet.pools.map((pool) =>
        h(
          "tr",
          {},
          h("td", {}, pool.name),
          h("td", { class: "eg-number" }, String(workersOf(fleet, pool.name).length)),
          h("td", {}, whatHappens(fleet, pool, drainSeconds)),
        ),
      ),
    ),
  );
}

function workersOf(fleet: FleetSnapshot, name: string) {
  return fleet.workers.filter((worker) => worker.pool === name && worker.state !== "terminated");
}

function whatHappens(fleet: FleetSnapshot, pool: PoolSnapshot, drainSeconds: number): string {
  const { balanced, queue } = POOLS[pool.name];
  if (balanced)
    return `finish open requests (at most ${drainSeconds}\u00a0s), then terminate; new requests will be refused`;
  if (queue === null) return "finishes its message, then terminates";
  const running = workersOf(fleet, pool.name).filter((worker) => worker.jobId !== null).length;
  const waiting = pool.lastCheck?.waiting ?? 0;
  if (running === 0 && waiting === 0) return "no jobs running or waiting";
  return `finish ${formatCountOf(running, "running job")} or return ${running === 1 ? "it" : "them"} to the queue, where ${formatCountOf(waiting, "job")} ${waiting === 1 ? "waits" : "wait"}`;
}

/** The same page while it stops; drawn from AWS, so it survives a reload and a restart. */
export function stopProgress(fleet: FleetSnapshot, reader: Reader): Html | null {
  const { stop } = fleet;
  if (stop === null) return null;
  const left = countWorkers(fleet);
  const total = Math.max(stop.workers, left);
  const gone = total - left;
  return h(
    "section",
    { class: "eg-panel", key: "progress", "aria-label": "Stopping" },
    h(
      "div",
      { class: "eg-panel-head" },
      h("h2", {}, left === 0 ? "Stopped" : "Stopping"),
      h("span", { class: "eg-end eg-small eg-secondary" }, `asked by ${stop.by}, `, time(stop.at, reader)),
    ),
    h(
      "div",
      { class: "eg-progress" },
      h(
        "div",
        { class: "eg-progress-words" },
        h("b", {}, `${gone} of ${formatCountOf(total, "worker")} terminated`),
        h("span", { class: "eg-secondary" }, `${formatInterval(reader.now - stop.at)}, usually at most 5\u00a0min`),
      ),
      h("progress", { max: Math.max(1, total), value: total === 0 ? 1 : gone, "aria-label": "Workers terminated" }),
    ),
    h(
      "ul",
      { class: "stop-steps" },
      step("completed", "No new workers; one that appears later is terminated"),
      fleet.pools.map((pool) => poolStep(fleet, pool)),
      step(
        left === 0 ? "running" : "pending",
        left === 0
          ? "manager: ends now; this page then says so"
          : "manager: ends last; this page then says “The manager has stopped”",
      ),
    ),
  );
}

function poolStep(fleet: FleetSnapshot, pool: PoolSnapshot): Html {
  const workers = workersOf(fleet, pool.name);
  if (workers.length === 0) return step("completed", `${pool.name}: all terminated`);
  const draining = workers.filter((worker) => isEnding(worker.state));
  const busy = workers.filter((worker) => worker.jobId !== null).length;
  const words = [
    draining.length > 0 ? `${draining.length} draining` : "",
    workers.length > draining.length ? `${workers.length - draining.length} waiting for the autoscaler` : "",
    busy > 0 ? `${busy} finishing a job or handing it back` : "",
  ];
  return step("running", `${pool.name}: ${words.filter(Boolean).join(", ")}`);
}

function step(word: StateWord, text: string): Html {
  return h("li", { class: word === "pending" ? "eg-secondary" : undefined }, state(word, text));
}

const STOPPED_ICON: IconName = "disc-check";

/** What the page shows when the manager is gone. */
export function stoppedNote(): Html {
  return h(
    "section",
    { class: "eg-panel stopped-panel", key: "stopped", role: "status" },
    h("h2", {}, icon(STOPPED_ICON), " The manager has stopped"),
    h(
      "p",
      {},
      "All workers are terminated. Accounts, jobs, files and policies are kept. Start it again with ./start.sh.",
    ),
  );
}
