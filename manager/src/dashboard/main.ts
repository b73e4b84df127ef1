import type { PoolName } from "@elastic-gas/shared/resources";
import { rememberZone } from "@elastic-gas/shared/ui/mount-times";
import { mountThemeToggle } from "@elastic-gas/shared/ui/theme";
import type { RangeName } from "../model/charts/range.ts";
import type { FleetSnapshot } from "../model/fleet/fleet-snapshot.ts";
import type { Sort } from "../model/fleet/list-workers.ts";
import type { Reader } from "../model/reader.ts";
import { mountActions } from "./actions.ts";
import { openConnection } from "./connection.ts";
import { mountAlertsPage, mountStopPage } from "./danger-pages.ts";
import { mountDecisionsPage } from "./decisions-page.ts";
import { mountForms } from "./forms.ts";
import { mountFrame } from "./frame.ts";
import { mountKeys } from "./keys.ts";
import { mountMenus } from "./menus.ts";
import { mountPoolsPage } from "./pools-page.ts";
import { mountRefresh } from "./refresh.ts";
import { mountTimes } from "./times.ts";

/** What the server printed for this script. */
interface PageFacts {
  /** When it made the page, epoch milliseconds. */
  readonly now?: number;
  readonly section?: string;
  readonly pool?: PoolName | null;
  readonly range?: RangeName;
  readonly sort?: Sort;
  readonly filter?: string;
  readonly compact?: boolean;
  readonly live?: boolean;
  readonly deleting?: boolean;
  readonly drainSeconds?: number;
}

/** How often pages that the server writes are fetched again. */
const REFRESH_MS: Readonly<Record<string, number>> = {
  decisions: 5_000,
  delete: 1_500,
  "load-test": 2_500,
  releases: 3_000,
};

const { body } = document;
// Our own server wrote it, from values that it had checked.
const page = JSON.parse(body.dataset.page ?? "{}") as PageFacts;
const csrf = body.dataset.csrf ?? "";
const timeZone = Intl.DateTimeFormat().resolvedOptions().timeZone;

rememberZone();
mountThemeToggle(document);
mountMenus();
mountForms(document);
const main = document.querySelector<HTMLElement>("#content");
if (page.section !== undefined && main !== null) void mountLive(main);
else mountTimes(document, { now: page.now ?? Date.now(), timeZone });

async function mountLive(content: HTMLElement): Promise<void> {
  const form = content.querySelector<HTMLFormElement>("[data-policy-form]");
  // What the first page needs nothing of; before the connection, which sends at once.
  const [workers, policy] = await Promise.all([
    page.section === "workers" ? import("./workers-page.ts") : undefined,
    form === null ? undefined : import("./policy-form.ts"),
  ]);
  const { socket, feed, now } = openConnection(timeZone, page.now ?? Date.now());
  const live = { socket, feed, csrf, timeZone };
  const reader = (): Reader => ({ now: now(), timeZone });
  const { range = "30m", sort = "state", filter = "", compact = false } = page;
  const pool = page.pool ?? "web";
  const drawers = [mountFrame(csrf)];
  // The load test shows the same charts of its pool; it has none of the other parts.
  if (page.section === "pools" || page.section === "load-test")
    drawers.push(mountPoolsPage(content, { pool, range }, live));
  if (workers !== undefined && content.querySelector('[data-part="rows"]') !== null) {
    drawers.push(workers.mountWorkersPage(content, { pool, range, sort, filter, compact }, live));
  }
  if (page.section === "stop") drawers.push(mountStopPage(content, socket, page.drainSeconds ?? 0));
  if (page.section === "alerts") drawers.push(mountAlertsPage(content));
  if (page.section === "decisions") mountDecisionsPage(content);
  const refreshMs = refreshIntervalOf(page);
  const refresh = refreshMs === undefined ? undefined : mountRefresh("[data-refresh]", refreshMs);
  if (form !== null) policy?.mountPolicyForm(form, content.querySelector("[data-policy-preview]"), timeZone);
  let fleet = readFleet();
  socket.on("stopped", () => {
    fleet = null; // nothing is true of it any more
    document.querySelector("[data-frame-notes]")?.replaceChildren();
  });
  const draw = (): void => {
    if (fleet === null) return;
    for (const drawer of drawers) drawer(fleet, reader());
    mountTimes(document, reader());
  };
  feed.onFleet((snapshot) => {
    fleet = snapshot;
    draw();
  });
  // Ages and countdowns go on between two snapshots.
  setInterval(draw, 1_000);
  draw();
  mountActions(body, () => {
    socket.emit("refresh");
    refresh?.();
  });
  mountKeys();
}

/** Undefined for a page that does not change by itself, as one of older decisions. */
function refreshIntervalOf({ section = "", live, deleting }: PageFacts): number | undefined {
  if (section === "decisions" && live !== true) return undefined;
  if (section === "delete" && deleting !== true) return undefined;
  return REFRESH_MS[section];
}

/** What the server printed into the page, so that the first drawing needs no answer. */
function readFleet(): FleetSnapshot | null {
  const text = body.dataset.fleet;
  delete body.dataset.fleet;
  // Our own server wrote it from the same type.
  return text === undefined ? null : (JSON.parse(text) as FleetSnapshot);
}
document.documentElement.dataset.script = "";
