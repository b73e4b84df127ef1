import type { TokenRow } from "@elastic-gas/shared/accounts/api-tokens";
import { hasExpired } from "@elastic-gas/shared/accounts/token-lifetime";
import { field } from "@elastic-gas/shared/ui/field";
import { emptyState, icon } from "@elastic-gas/shared/ui/parts";
import { expiryText, lifetimeField } from "@elastic-gas/shared/ui/token-parts";
import { fragment, type Html, h } from "@elastic-gas/shared/web/html";
import type { PageContext } from "../../web/page-context.ts";
import { csrfField } from "../../web/views/forms.ts";

export interface TokensProps {
  readonly tokens: readonly TokenRow[];
  /** Shown once; undefined when none was just made. */
  readonly newToken: string | undefined;
}

export function tokensView({ tokens, newToken }: TokensProps, page: PageContext): Html {
  return fragment(
    h("nav", { class: "app-crumbs", "aria-label": "Path" }, h("a", { href: "/profile" }, "Profile"), " / API tokens"),
    h("h1", {}, "API tokens"),
    newToken !== undefined && newTokenNote(newToken),
    h(
      "div",
      { class: "app-split" },
      h(
        "div",
        { class: "app-stack" },
        h(
          "section",
          { class: "eg-panel eg-panel-flush", "aria-label": "Tokens" },
          tokens.length === 0
            ? emptyState("key", "No tokens yet", h("p", {}, "A token lets a script annotate files in your name."))
            : tokenTable(tokens, page),
        ),
        howTo(page.url),
      ),
      newTokenForm(page.csrf),
    ),
  );
}

function newTokenNote(token: string): Html {
  return h(
    "div",
    { class: "eg-note eg-note-ok" },
    icon("key"),
    h(
      "p",
      { class: "eg-note-text" },
      h("strong", {}, "The new token, shown only now:"),
      " ",
      h("code", { class: "app-break", "data-new-token": "" }, token),
    ),
  );
}

function tokenTable(tokens: readonly TokenRow[], page: PageContext): Html {
  return h(
    "div",
    { class: "eg-table-box", tabindex: 0, role: "region", "aria-label": "Table of tokens" },
    h(
      "table",
      { class: "eg-table" },
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          ["Name", "Scope", "Created", "Last used", "Expires"].map((head) => h("th", { scope: "col" }, head)),
          h("th", { scope: "col" }, h("span", { class: "visually-hidden" }, "Actions")),
        ),
      ),
      h(
        "tbody",
        {},
        tokens.map((token) => tokenRow(token, page)),
      ),
    ),
  );
}

function tokenRow(token: TokenRow, page: PageContext): Html {
  const { name, scope, createdAt, usedAt, expiresAt } = token;
  return h(
    "tr",
    {},
    h("th", { scope: "row" }, name),
    h("td", {}, scope),
    h("td", { class: "eg-nowrap" }, page.time(new Date(createdAt), "near")),
    h("td", { class: "eg-nowrap" }, usedAt === null ? "never" : page.time(new Date(usedAt), "near")),
    h(
      "td",
      {},
      expiryText(expiresAt, page.now, (at) => page.time(at, "day")),
    ),
    h("td", { class: "eg-number" }, tokenAction(token, page)),
  );
}

function tokenAction({ id, name, revokedAt, expiresAt }: TokenRow, page: PageContext): Html {
  if (revokedAt !== null) return h("span", { class: "eg-chip" }, "revoked");
  if (hasExpired(expiresAt, page.now)) return h("span", { class: "eg-chip" }, "expired");
  return h(
    "form",
    {
      method: "post",
      action: `/profile/tokens/${id}/revoke`,
      "data-confirm": `Revoke ${name}? Scripts that use it stop working.`,
    },
    csrfField(page.csrf),
    h("button", { class: "eg-button eg-button-small", type: "submit" }, "Revoke"),
  );
}

function howTo(url: string): Html {
  return h(
    "section",
    { class: "eg-panel app-stack-small", "aria-labelledby": "use" },
    h("div", { class: "eg-panel-head" }, h("h2", { id: "use" }, "How to use one")),
    h(
      "pre",
      { class: "eg-log", tabindex: 0, "aria-label": "Commands" },
      [
        `curl -H "Authorization: Bearer $TOKEN" --data-binary @panel.vcf \\`,
        `  "${url}/api/v1/annotations?filename=panel.vcf"`,
        "",
        `ELASTIC_GAS_APP_URL=${url} ELASTIC_GAS_APP_TOKEN=$TOKEN \\`,
        "  npx elastic-gas annotate panel.vcf --wait -o panel.annot.vcf",
      ].join("\n"),
    ),
    h("p", {}, "All operations: ", h("a", { href: "/api/v1/openapi.json" }, "OpenAPI document"), "."),
  );
}

function newTokenForm(csrf: string): Html {
  const choice = (scope: string, words: string, checked: boolean) =>
    h("label", { class: "eg-check" }, h("input", { type: "radio", name: "scope", value: scope, checked }), ` ${words}`);
  return h(
    "section",
    { class: "eg-panel eg-screen", "aria-labelledby": "new-token" },
    h("div", { class: "eg-panel-head" }, h("h2", { id: "new-token" }, "New token")),
    h(
      "form",
      { method: "post", action: "/profile/tokens", class: "eg-form", "data-once": "Creating" },
      csrfField(csrf),
      field({
        name: "name",
        label: "Name",
        help: "What it is for, such as “nightly pipeline”.",
        input: { required: true, maxlength: 100, autocomplete: "off" },
      }),
      h(
        "fieldset",
        { class: "eg-field" },
        h("legend", { class: "eg-label" }, "Scope"),
        choice("write", "write: annotate, cancel, delete, read", true),
        choice("read", "read: list, status, results, logs", false),
      ),
      lifetimeField(),
      h("div", {}, h("button", { class: "eg-button eg-button-primary", type: "submit" }, "Create token")),
    ),
  );
}
