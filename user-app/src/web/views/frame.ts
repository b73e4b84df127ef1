import type { User } from "@elastic-gas/shared/accounts/users";
import { icon, iconSprite, note } from "@elastic-gas/shared/ui/parts";
import type { Note } from "@elastic-gas/shared/ui/states";
import type { Assets } from "@elastic-gas/shared/web/assets";
import { type Child, type Html, h } from "@elastic-gas/shared/web/html";
import type { Tab } from "../page-context.ts";
import { csrfField } from "./forms.ts";

export interface FrameProps {
  readonly title: string;
  readonly tab: Tab | undefined;
  readonly user: User | undefined;
  readonly csrf: string;
  readonly now: Date;
  readonly notes: readonly Note[];
  readonly assets: Assets;
  readonly requestId: string;
  readonly content: Html;
}

const TABS = [
  { key: "annotate", href: "/annotate", name: "Annotate", glyph: "upload" },
  { key: "annotations", href: "/annotations", name: "Annotations", glyph: "list" },
  { key: "masks", href: "/masks", name: "Masks", glyph: "mask" },
] as const;

/** The whole page around its content. */
export function frameView({ title, tab, user, csrf, now, notes, assets, requestId, content }: FrameProps): Html {
  return h(
    "html",
    { lang: "en", "data-bs-theme": "light" },
    h(
      "head",
      {},
      h("meta", { charset: "utf-8" }),
      h("meta", { name: "viewport", content: "width=device-width, initial-scale=1" }),
      h("title", {}, `${title} · Elastic GAS`),
      h("link", { rel: "icon", href: "/favicon.svg", type: "image/svg+xml" }),
      assets.themeScript !== undefined && h("script", { src: assets.themeScript }),
      assets.style !== undefined && h("link", { rel: "stylesheet", href: assets.style }),
      assets.script !== undefined && h("script", { type: "module", src: assets.script }),
    ),
    h(
      "body",
      { class: "app", "data-csrf": csrf, "data-now": now.getTime() },
      iconSprite(),
      h("a", { class: "eg-skip", href: "#content" }, "Skip to the content"),
      h(
        "header",
        { class: "eg-bar" },
        user !== undefined && tabsMenu(tab),
        h("a", { class: "eg-brand", href: "/" }, icon("logo"), "Elastic GAS"),
        user === undefined ? anonymousBar() : [tabs(tab), userBar(user, csrf)],
      ),
      h("main", { id: "content", class: "app-main", tabindex: -1 }, notes.map(note), content),
      h("p", { class: "visually-hidden", "data-announce": "", role: "status" }),
      h(
        "footer",
        { class: "eg-footer" },
        h("span", {}, "Elastic GAS"),
        h("a", { href: "/help#retention" }, "Privacy and retention"),
        h("a", { href: "/help#cite" }, "How to cite"),
        h("a", { href: "/help" }, "Help"),
        h("span", {}, `Request ${requestId}`),
      ),
    ),
  );
}

function tabs(current: Tab | undefined): Html {
  return h(
    "nav",
    { class: "app-tabs", "aria-label": "Main" },
    h(
      "ul",
      { class: "eg-tabs" },
      TABS.map(({ key, href, name }) =>
        h("li", {}, h("a", { href, "aria-current": key === current ? "page" : undefined }, name)),
      ),
    ),
  );
}

/** The tabs behind a button, where the bar has no room for them. */
function tabsMenu(current: Tab | undefined): Html {
  return h(
    "details",
    { class: "eg-menu app-tabs-menu", "data-menu": "" },
    h("summary", { class: "eg-button eg-button-plain eg-button-icon", "aria-label": "Menu" }, icon("menu")),
    h(
      "nav",
      { class: "eg-menu-list", "aria-label": "Menu" },
      TABS.map(({ key, href, name, glyph }) =>
        h("a", { href, "aria-current": key === current ? "page" : undefined }, icon(glyph), name),
      ),
    ),
  );
}

function anonymousBar(): Html {
  return h("div", { class: "eg-bar-end" }, themeButton(), h("a", { class: "eg-button", href: "/login" }, "Sign in"));
}

function userBar(user: User, csrf: string): Html {
  const premium = user.role === "premium_user";
  return h(
    "div",
    { class: "eg-bar-end" },
    h(
      "a",
      { class: `eg-chip app-plan${premium ? " eg-chip-info" : ""}`, href: premium ? "/profile" : "/subscribe" },
      premium ? "Premium" : "Free",
    ),
    themeButton(),
    h(
      "details",
      { class: "eg-menu", "data-menu": "" },
      h(
        "summary",
        { class: "eg-button eg-button-plain", "aria-label": `Account: ${user.username}` },
        icon("user"),
        h("span", { class: "app-user" }, user.username),
      ),
      h(
        "div",
        { class: "eg-menu-list" },
        h("a", { href: "/profile" }, icon("user"), "Profile"),
        h("a", { href: "/profile/tokens" }, icon("key"), "API tokens"),
        user.isAdmin && h("a", { href: "/admin/users" }, icon("users"), "Users"),
        h(
          "form",
          { method: "post", action: "/logout" },
          csrfField(csrf),
          h("button", { type: "submit" }, icon("external"), "Sign out"),
        ),
      ),
    ),
  );
}

function themeButton(): Child {
  return h(
    "button",
    {
      type: "button",
      class: "eg-button eg-button-plain eg-button-icon",
      "data-theme-toggle": "",
      hidden: true,
      "aria-label": "Theme",
    },
    icon("theme"),
  );
}
