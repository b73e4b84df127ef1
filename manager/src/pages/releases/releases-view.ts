import { formatDuration } from "@elastic-gas/shared/format/durations";
import { formatRelease } from "@elastic-gas/shared/releases/format-release";
import { type Child, type Html, h } from "@elastic-gas/shared/web/html";
import type { ReleasesPage, ShownUpdate } from "../../read/releases.ts";
import type { ViewContext } from "../frame/send-page.ts";
import { actionForm, empty, icon, mayAct, tableBox, time, withIds } from "../kit/parts.ts";

/** What the update under way means for the release that it brings. */
const CHIPS: Readonly<Record<ShownUpdate["state"], string>> = {
  running: "workers are moving to it",
  paused: "update paused",
  "rolling back": "rolling back",
  completed: "completed",
  "rolled back": "rolled back",
};

type Page = ReleasesPage & { readonly canarySeconds: number };

export function releasesView(page: Page, context: ViewContext): Child[] {
  return [
    h(
      "div",
      { class: "page-head" },
      h("h1", {}, "Releases"),
      h("p", { class: "page-link eg-secondary" }, "What workers run, and how another release replaces it"),
    ),
    h(
      "div",
      { class: "stack-wide", "data-refresh": "" },
      page.active === null ? null : activePanel(page.active, context),
      publishedPanel(page, context),
      pastPanel(page.past, context),
    ),
  ];
}

function activePanel(update: NonNullable<Page["active"]>, { csrf, reader }: ViewContext): Html {
  const isBack = update.state === "rolling back";
  const isPaused = update.state === "paused";
  const words = isBack ? "Rolling back" : isPaused ? "Update paused" : "Update under way";
  const send = (verb: "pause" | "resume" | "roll-back", button: Html, confirm?: string) =>
    actionForm(
      { action: `/releases/${verb}`, csrf, busy: "Asking", ...(confirm === undefined ? {} : { confirm }) },
      button,
    );
  return h(
    "section",
    { class: "eg-panel stack", "aria-label": "Update" },
    h("div", { class: "eg-panel-head" }, h("h2", {}, words), h("span", { class: "eg-secondary" }, change(update))),
    h("p", {}, `Started by ${update.startedBy} at `, time(update.startedAt, reader), "."),
    update.why !== null && h("p", {}, h("strong", {}, "Why it goes back: "), withIds(update.why)),
    h(
      "dl",
      { class: "eg-facts" },
      update.pools.map(({ pool, step }) => [h("dt", {}, pool), h("dd", {}, withIds(step))]),
    ),
    !isBack &&
      mayAct(csrf) &&
      h(
        "div",
        { class: "eg-actions" },
        isPaused
          ? send("resume", h("button", { type: "submit", class: "eg-button" }, icon("play"), "Resume"))
          : send("pause", h("button", { type: "submit", class: "eg-button" }, icon("pause"), "Pause")),
        send(
          "roll-back",
          h("button", { type: "submit", class: "eg-button" }, icon("history"), "Roll back now"),
          `Roll back? All workers go back to ${formatRelease(update.from)}, one by one.`,
        ),
      ),
  );
}

function publishedPanel({ releases, current, active, canarySeconds }: Page, { csrf, reader }: ViewContext): Html {
  const use = (id: string): Child => {
    if (id === current) return h("span", { class: "eg-chip" }, "in use");
    if (active !== null) return id === active.to ? h("span", { class: "eg-chip" }, CHIPS[active.state]) : null;
    return actionForm(
      {
        action: "/releases/update",
        csrf,
        busy: "Asking",
        fields: { release: id },
        confirm: `Update all workers to ${formatRelease(id)}? One by one; the first one must be in service for ${formatDuration(canarySeconds)} before others follow.`,
      },
      h("button", { type: "submit", class: "eg-button eg-button-small" }, icon("refresh"), "Update to it"),
    );
  };
  return h(
    "section",
    { class: "eg-panel eg-panel-flush", "aria-label": "Published releases" },
    h("div", { class: "eg-panel-head" }, h("h2", {}, "Published")),
    releases.length === 0
      ? empty("list", "No release yet", "./start.sh publishes one when it starts.")
      : tableBox(
          "Published releases",
          table(
            ["Release", "", "Published", "By"],
            releases.map(({ id, publishedAt, publishedBy }) => [
              h("span", { class: "eg-mono", title: id }, formatRelease(id)),
              use(id),
              time(publishedAt, reader),
              publishedBy,
            ]),
          ),
        ),
  );
}

function pastPanel(past: readonly ShownUpdate[], { reader }: ViewContext): Html | null {
  if (past.length === 0) return null;
  return h(
    "section",
    { class: "eg-panel eg-panel-flush", "aria-label": "Earlier updates" },
    h("div", { class: "eg-panel-head" }, h("h2", {}, "Earlier updates")),
    tableBox(
      "Earlier updates",
      table(
        ["Update", "Started", "By", "Result"],
        past.map((update) => [
          h("span", { class: "eg-nowrap" }, change(update)),
          time(update.startedAt, reader),
          update.startedBy,
          h(
            "div",
            { class: "audit-detail" },
            h("b", {}, update.state),
            update.why !== null && [". ", withIds(update.why)],
          ),
        ]),
      ),
    ),
  );
}

function change({ from, to }: Pick<ShownUpdate, "from" | "to">): string {
  return from === null ? `first release ${formatRelease(to)}` : `${formatRelease(from)} → ${formatRelease(to)}`;
}

function table(heads: readonly string[], rows: readonly (readonly Child[])[]): Html {
  return h(
    "table",
    { class: "eg-table" },
    h(
      "thead",
      {},
      h(
        "tr",
        {},
        heads.map((head) => h("th", {}, head === "" ? h("span", { class: "visually-hidden" }, "Action") : head)),
      ),
    ),
    h(
      "tbody",
      {},
      rows.map((cells) =>
        h(
          "tr",
          {},
          cells.map((cell) => h("td", {}, cell)),
        ),
      ),
    ),
  );
}
