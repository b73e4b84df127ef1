import { POOLS } from "@elastic-gas/scaling/pools";
import { formatCountOf } from "@elastic-gas/shared/format/numbers";
import { POOL_NAMES } from "@elastic-gas/shared/resources";
import { type Child, type Html, h } from "@elastic-gas/shared/web/html";
import { countStates, type FleetSnapshot } from "../../model/fleet/fleet-snapshot.ts";
import { listWorkers, type WorkerChoice } from "../../model/fleet/list-workers.ts";
import { growRefusal, shrinkRefusal } from "../../model/fleet/refusals.ts";
import type { Reader } from "../../model/reader.ts";
import { empty, mayAct, state } from "../kit/parts.ts";
import { resizeButton } from "../pools/pool-card.ts";
import { heatStrip } from "./heat-strip.ts";
import { workerRow } from "./worker-row.ts";

export interface WorkersChoice extends WorkerChoice {
  readonly compact: boolean;
}

export interface WorkersView {
  readonly pools: Html;
  readonly buttons: readonly Child[];
  readonly counts: readonly Html[];
  readonly heat: readonly Html[];
  readonly rows: readonly Html[];
}

/** The live parts of the workers page. `query` keeps the rest of the address when another pool is chosen. */
export function workersView(
  fleet: FleetSnapshot,
  choice: WorkersChoice,
  { reader, csrf, query }: { readonly reader: Reader; readonly csrf: string; readonly query: string },
): WorkersView {
  const pool = fleet.pools.find(({ name }) => name === choice.pool);
  const workers = listWorkers(fleet.workers, choice);
  const all = fleet.workers.filter((worker) => worker.pool === choice.pool && worker.state !== "terminated");
  return {
    pools: poolSegments(fleet, choice, query),
    buttons: pool === undefined ? [] : resizeButtons(pool, csrf),
    counts: stateCounts(all),
    heat: heatStrip(all, POOLS[choice.pool].measures),
    rows:
      workers.length > 0
        ? workers.map((worker) =>
            workerRow(worker, {
              reader,
              csrf,
              compact: choice.compact,
              desired: pool?.desired ?? 0,
              min: pool?.min ?? 0,
              stopping: pool?.stopping ?? false,
              measure: POOLS[choice.pool].measures,
            }),
          )
        : [h("li", { key: "none" }, nothing(choice, all.length, pool?.min ?? 0))],
  };
}

function nothing(choice: WorkersChoice, all: number, min: number): Html {
  if (all === 0) {
    return empty("dashed-ring", "No workers", min > 0 ? `The minimum is ${min}: starting now.` : "The pool is empty.");
  }
  return empty(
    "search",
    `No worker matches “${choice.filter}”`,
    `${formatCountOf(all, "worker")} in ${choice.pool}.`,
    h("a", { class: "eg-button", href: `/workers?pool=${choice.pool}` }, "Clear filter"),
  );
}

function poolSegments(fleet: FleetSnapshot, choice: WorkersChoice, query: string): Html {
  return h(
    "div",
    { class: "eg-segments", role: "group", "aria-label": "Pool" },
    POOL_NAMES.map((name) => {
      const size = fleet.workers.filter((worker) => worker.pool === name && worker.state !== "terminated").length;
      return h(
        "a",
        {
          href: `/workers?pool=${name}${query}`,
          "data-pool-link": name,
          "aria-current": name === choice.pool ? "true" : undefined,
        },
        `${name} ${size}`,
      );
    }),
  );
}

function resizeButtons(pool: Parameters<typeof resizeButton>[0], csrf: string): readonly Child[] {
  if (!mayAct(csrf)) return [];
  const reasons = [shrinkRefusal(pool), growRefusal(pool)].filter((reason) => reason !== null);
  return [
    resizeButton(pool, -1, { csrf, words: true }),
    resizeButton(pool, 1, { csrf, words: true }),
    ...(reasons.length === 0 ? [] : [h("span", { class: "eg-reason" }, [...new Set(reasons)].join(", "))]),
  ];
}

function stateCounts(workers: FleetSnapshot["workers"]): readonly Html[] {
  const counts = countStates(workers);
  const shown: Html[] = [];
  if (counts.inService > 0) shown.push(state("in service", `${counts.inService} in service`));
  if (counts.warming > 0) shown.push(state("warming", `${counts.warming} warming`));
  if (counts.pending > 0) shown.push(state("pending", `${counts.pending} pending`));
  if (counts.draining > 0) shown.push(state("draining", `${counts.draining} draining`));
  if (counts.unhealthy > 0) shown.push(state("unhealthy", `${counts.unhealthy} unhealthy`));
  if (counts.inService === 0) shown.push(state("terminated", "none in service"));
  return shown;
}
