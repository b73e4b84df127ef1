import type { IconName } from "@elastic-gas/shared/ui/icons";
import { iconSprite } from "@elastic-gas/shared/ui/parts";
import { type Child, type Html, h } from "@elastic-gas/shared/web/html";
import type { FleetSnapshot } from "../../model/fleet/fleet-snapshot.ts";
import type { Reader } from "../../model/reader.ts";
import { csrfField, icon, note } from "../kit/parts.ts";
import { alertBadgeClass, frameNotes, type SideCounts, sideCounts, sideFoot } from "./frame-parts.ts";

export type Section =
  | "pools"
  | "workers"
  | "decisions"
  | "policy"
  | "alerts"
  | "load-test"
  | "releases"
  | "users"
  | "audit"
  | "tokens"
  | "stop"
  | "delete"
  /** In the reader's own menu, not in the list at the side. */
  | "account";

/** Shown once, on the page that the reader sees next. */
export interface Notice {
  readonly tone: "ok" | "warn" | "bad" | "info";
  readonly text: string;
  /** Lines to pass on, with a button that copies them all. */
  readonly copy?: readonly string[];
}

export interface Frame {
  readonly title: string;
  /** undefined: a page without navigation, as before signing in. */
  readonly section: Section | undefined;
  readonly reader: Reader;
  readonly csrf: string;
  readonly signOutCsrf: string;
  /** Sees the pools and nothing of accounts and settings. */
  readonly isViewer: boolean;
  readonly username: string | undefined;
  /** What the frame shows of the present; absent before signing in and on error pages. */
  readonly fleet: FleetSnapshot | undefined;
  readonly notice: Notice | undefined;
  readonly assets: {
    readonly style: string | undefined;
    readonly script: string | undefined;
    readonly themeScript: string | undefined;
  };
  /** Read by the page's script as JSON from `data-page`. */
  readonly page: object;
}

const SIDE: readonly (readonly (readonly [Section, string, IconName, string])[])[] = [
  [
    ["pools", "/", "layers", "Pools"],
    ["workers", "/workers", "chip", "Workers"],
    ["decisions", "/decisions", "list", "Decisions"],
    ["policy", "/policy/web", "sliders", "Policy"],
    ["alerts", "/alerts", "bell", "Alerts"],
    ["load-test", "/load-test", "play", "Load test"],
    ["releases", "/releases", "archive", "Releases"],
  ],
  [
    ["users", "/users", "users", "Users"],
    ["audit", "/audit", "history", "Audit log"],
    ["tokens", "/tokens", "key", "API tokens"],
  ],
  [
    ["stop", "/settings/stop", "stop", "Stop manager"],
    ["delete", "/settings/delete", "trash", "Delete all data"],
  ],
];

/** The whole document around a page's content. */
export function frameView(frame: Frame, content: Child): Html {
  const { fleet, section } = frame;
  return h(
    "html",
    { lang: "en", "data-bs-theme": "light" },
    head(frame),
    h(
      "body",
      {
        class: "manager",
        "data-csrf": frame.csrf,
        "data-page": JSON.stringify(frame.page),
        "data-fleet": fleet === undefined ? undefined : JSON.stringify(fleet),
      },
      iconSprite(),
      h("a", { class: "eg-skip", href: "#content" }, "Skip to the content"),
      bar(frame),
      section === undefined && frame.username === undefined
        ? h("main", { id: "content", class: "manager-plain", tabindex: -1 }, noticeNote(frame.notice), content)
        : h("div", { class: "manager-frame" }, side(frame, section), mainPart(frame, content)),
      h("p", { class: "visually-hidden", "data-announce": "", role: "status" }),
    ),
  );
}

function head({ title, assets }: Frame): Html {
  return h(
    "head",
    {},
    h("meta", { charset: "utf-8" }),
    h("meta", { name: "viewport", content: "width=device-width, initial-scale=1" }),
    h("title", {}, `${title} · Elastic GAS manager`),
    h("link", { rel: "icon", href: "/favicon.svg", type: "image/svg+xml" }),
    assets.themeScript !== undefined && h("script", { src: assets.themeScript }),
    assets.style !== undefined && h("link", { rel: "stylesheet", href: assets.style }),
    assets.script !== undefined && h("script", { type: "module", src: assets.script }),
  );
}

function bar({ section, username, signOutCsrf, isViewer }: Frame): Html {
  const hasSide = section !== undefined || username !== undefined;
  return h(
    "header",
    { class: "eg-bar manager-bar" },
    hasSide &&
      h(
        "details",
        { class: "side-menu", "data-side-menu": "" },
        h("summary", { class: "eg-button eg-button-plain eg-button-icon", "aria-label": "Menu" }, icon("menu")),
      ),
    h(
      "a",
      { class: "eg-brand", href: "/" },
      icon("logo"),
      "Elastic GAS ",
      h("span", { class: "manager-word" }, "manager"),
    ),
    h(
      "div",
      { class: "eg-bar-end" },
      section !== undefined &&
        h(
          "span",
          { class: "connection", "data-connection": "" },
          h(
            "span",
            { class: "eg-no-script" },
            h("b", {}, "Not live"),
            h("span", { class: "connection-more" }, ": its script did not load. Reload for new values."),
          ),
        ),
      h(
        "button",
        {
          type: "button",
          class: "eg-button eg-button-plain eg-button-icon",
          "data-theme-toggle": "",
          hidden: true,
          "aria-label": "Theme",
        },
        icon("theme"),
      ),
      username !== undefined &&
        accountMenu(isViewer ? `${username} (viewer)` : username, signOutCsrf, section !== undefined),
    ),
  );
}

function accountMenu(username: string, csrf: string, hasKeys: boolean): Html {
  return h(
    "details",
    { class: "eg-menu", "data-menu": "" },
    h(
      "summary",
      { class: "eg-button eg-button-plain", "aria-label": `Account of ${username}` },
      icon("user"),
      h("span", { class: "account-name" }, username),
    ),
    h(
      "div",
      { class: "eg-menu-list" },
      h("a", { href: "/account" }, icon("key"), "Account"),
      hasKeys &&
        h("button", { type: "button", "data-help-open": "", hidden: true }, icon("info"), "Keyboard shortcuts"),
      h(
        "form",
        { method: "post", action: "/logout" },
        csrfField(csrf),
        h("button", { type: "submit" }, icon("external"), "Sign out"),
      ),
    ),
  );
}

function side({ fleet, reader, isViewer }: Frame, section: Section | undefined): Html {
  const counts: SideCounts = fleet === undefined ? { workers: 0, alerts: 0, worst: "info" } : sideCounts(fleet);
  const countOf = (key: Section): Child => {
    if (fleet === undefined) return null;
    if (key === "workers") return h("span", { class: "side-count", "data-side-count": key }, counts.workers);
    if (key !== "alerts") return null;
    return h(
      "span",
      { class: alertBadgeClass(counts), "data-side-count": key, hidden: counts.alerts === 0 },
      counts.alerts,
    );
  };
  return h(
    "nav",
    { class: "side", "aria-label": "Main", "data-side": "" },
    (isViewer ? SIDE.slice(0, 1) : SIDE).map((group) =>
      h(
        "ul",
        { class: "side-list" },
        group.map(([key, href, glyph, name]) =>
          h(
            "li",
            {},
            h(
              "a",
              { class: "side-link", href, "aria-current": section === key ? "page" : undefined },
              icon(glyph),
              h("span", {}, name),
              countOf(key),
            ),
          ),
        ),
      ),
    ),
    h(
      "div",
      { class: "side-foot eg-small eg-secondary", "data-side-foot": "" },
      fleet === undefined ? null : sideFoot(fleet, reader),
    ),
  );
}

function mainPart({ fleet, reader, csrf, notice }: Frame, content: Child): Html {
  return h(
    "main",
    { id: "content", class: "manager-main", tabindex: -1 },
    h("div", { class: "stack frame-notes", "data-offline": "", hidden: true }),
    h(
      "div",
      { class: "stack frame-notes", "data-frame-notes": "" },
      fleet === undefined ? null : frameNotes(fleet, reader, csrf),
    ),
    noticeNote(notice),
    content,
  );
}

function noticeNote(notice: Notice | undefined): Child {
  if (notice === undefined) return null;
  const { tone, text, copy } = notice;
  return h(
    "div",
    { class: "stack frame-notes", role: "status" },
    note({
      tone,
      glyph: tone === "ok" ? "disc-check" : "warning",
      text: copy === undefined ? text : [text, copy.map((line) => [h("br", {}), h("code", {}, line)])],
      action:
        copy &&
        h(
          "button",
          { type: "button", class: "eg-button eg-button-small", "data-copy": copy.join("\n") },
          icon("copy"),
          "Copy",
        ),
    }),
  );
}
