import type { PoolName } from "@elastic-gas/shared/resources";
import { type Html, h } from "@elastic-gas/shared/web/html";
import type { RangeName } from "../../model/charts/range.ts";
import type { FleetSnapshot } from "../../model/fleet/fleet-snapshot.ts";
import type { Reader } from "../../model/reader.ts";
import { icon } from "../kit/parts.ts";
import { poolCard } from "./pool-card.ts";
import { sidePanels } from "./side-panels.ts";

export interface PoolsChoice {
  readonly pool: PoolName;
  readonly range: RangeName;
}

export interface PoolsView {
  readonly link: Html;
  readonly cards: readonly Html[];
  readonly side: readonly Html[];
}

/** The live parts of the pools page. */
export function poolsView(
  fleet: FleetSnapshot,
  choice: PoolsChoice,
  { reader, csrf }: { readonly reader: Reader; readonly csrf: string },
): PoolsView {
  return {
    link: balancerLink(fleet),
    cards: fleet.pools.map((pool) =>
      poolCard(pool, {
        reader,
        csrf,
        chosen: pool.name === choice.pool,
        href: `/?pool=${pool.name}&range=${choice.range}`,
        autoscalerAlive: fleet.autoscaler.alive,
        cloudKnown: fleet.cloud.seenAt !== null,
        workerPriceCentsPerHour: fleet.workerPriceCentsPerHour,
      }),
    ),
    side: sidePanels(
      fleet,
      fleet.pools.find((pool) => pool.name === choice.pool),
      { reader, csrf },
    ),
  };
}

/** The load balancer's DNS name, as a link to user-app. */
function balancerLink({ balancer, cloud }: FleetSnapshot): Html {
  if (balancer === null) {
    const words = cloud.seenAt === null ? "Load balancer not known yet" : "No load balancer exists";
    return h("span", { class: "eg-secondary" }, words);
  }
  return h(
    "a",
    { href: balancer.url, "data-balancer": "", target: "_blank", rel: "noopener" },
    balancer.url.replace(/^https?:\/\//, "").replace(/\/$/, ""),
    " ",
    icon("external"),
    h("span", { class: "visually-hidden" }, " (user-app, in a new tab)"),
  );
}
