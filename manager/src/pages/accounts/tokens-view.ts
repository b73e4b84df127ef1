import type { TokenRow } from "@elastic-gas/shared/accounts/api-tokens";
import { hasExpired } from "@elastic-gas/shared/accounts/token-lifetime";
import { formatTime } from "@elastic-gas/shared/format/times";
import { field } from "@elastic-gas/shared/ui/field";
import { expiryText, lifetimeField } from "@elastic-gas/shared/ui/token-parts";
import { type Child, type Html, h } from "@elastic-gas/shared/web/html";
import type { ViewContext } from "../frame/send-page.ts";
import { csrfField, empty, icon, tableBox, time } from "../kit/parts.ts";

export interface Tokens {
  readonly tokens: readonly TokenRow[];
  /** Shown once; null when none was just made. */
  readonly newToken: string | null;
}

export function tokensView({ tokens, newToken }: Tokens, context: ViewContext): Child[] {
  return [
    h(
      "div",
      { class: "page-head" },
      h("h1", {}, "API tokens"),
      h(
        "p",
        { class: "page-link eg-secondary" },
        "For scripts: ",
        h("code", {}, "Authorization: Bearer …"),
        " on ",
        h("a", { href: "/api/v1/openapi.json" }, "/api/v1"),
      ),
    ),
    newToken !== null && newTokenNote(newToken),
    h("div", { class: "list-grid" }, tokenList(tokens, context), newTokenForm(context)),
  ];
}

function newTokenNote(token: string): Html {
  return h(
    "div",
    { class: "eg-note eg-note-ok frame-notes" },
    icon("key"),
    h("p", { class: "eg-note-text" }, h("strong", {}, "The new token, shown only now:"), " ", h("code", {}, token)),
    h(
      "div",
      { class: "eg-note-action" },
      h("button", { type: "button", class: "eg-button eg-button-small", "data-copy": token }, icon("copy"), "Copy"),
    ),
  );
}

function tokenList(tokens: readonly TokenRow[], context: ViewContext): Html {
  const heads = ["Name", "Scope", "Owner", "Created", "Last used", "Expires"];
  return h(
    "section",
    { class: "eg-panel eg-panel-flush", "aria-label": "Tokens" },
    tokens.length === 0
      ? empty("key", "No tokens yet", "A token lets a script read the pools, or operate them, in your name.")
      : tableBox(
          "Table of tokens",
          h(
            "table",
            { class: "eg-table" },
            h(
              "thead",
              {},
              h(
                "tr",
                {},
                heads.map((head) => h("th", {}, head)),
                h("th", {}, h("span", { class: "visually-hidden" }, "Actions")),
              ),
            ),
            h(
              "tbody",
              {},
              tokens.map((token) => tokenRow(token, context)),
            ),
          ),
        ),
  );
}

function tokenRow(token: TokenRow, context: ViewContext): Html {
  const { reader } = context;
  const { now, timeZone: zone } = reader;
  const day = (at: Date) => time(at.getTime(), reader, formatTime(at, "day", { zone, now }));
  return h(
    "tr",
    {},
    h("td", {}, h("b", {}, token.name)),
    h("td", {}, token.scope),
    h("td", {}, token.owner),
    h("td", { class: "eg-nowrap" }, time(token.createdAt, reader)),
    h("td", { class: "eg-nowrap" }, token.usedAt === null ? "never" : time(token.usedAt, reader)),
    h("td", {}, expiryText(token.expiresAt, new Date(now), day)),
    h("td", { class: "eg-number" }, tokenAction(token, context)),
  );
}

function tokenAction({ id, name, revokedAt, expiresAt }: TokenRow, { reader, csrf }: ViewContext): Html {
  if (revokedAt !== null) return h("span", { class: "eg-chip" }, "revoked");
  if (hasExpired(expiresAt, new Date(reader.now))) return h("span", { class: "eg-chip" }, "expired");
  return h(
    "form",
    {
      method: "post",
      action: `/tokens/${id}/revoke`,
      "data-confirm-form": `Revoke ${name}? Scripts that use it stop working.`,
    },
    csrfField(csrf),
    h("button", { class: "eg-button eg-button-small", type: "submit" }, "Revoke"),
  );
}

function newTokenForm({ csrf }: ViewContext): Html {
  return h(
    "section",
    { class: "eg-panel eg-screen", "aria-label": "New token" },
    h("div", { class: "eg-panel-head" }, h("h2", {}, "New token")),
    h(
      "form",
      { method: "post", action: "/tokens", class: "eg-form" },
      csrfField(csrf),
      field({
        name: "name",
        id: "token-name",
        label: "Name",
        help: "What it is for, such as “load test”.",
        input: { required: true, maxlength: 100, autocomplete: "off" },
      }),
      h(
        "fieldset",
        { class: "eg-field" },
        h("legend", { class: "eg-label" }, "Scope"),
        scopeChoice("read", "read: pools, workers, decisions, charts", true),
        scopeChoice("operate", "operate: also grow, shrink, pause, policy", false),
        scopeChoice("administer", "administer: also see, create and change users", false),
      ),
      lifetimeField(),
      h(
        "div",
        { class: "eg-actions" },
        h("button", { class: "eg-button eg-button-primary", type: "submit" }, "Create token"),
      ),
    ),
  );
}

function scopeChoice(scope: TokenRow["scope"], words: string, checked: boolean): Html {
  return h(
    "label",
    { class: "eg-check" },
    h("input", { type: "radio", name: "scope", value: scope, checked }),
    ` ${words}`,
  );
}
