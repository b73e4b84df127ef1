import { formatCount } from "@elastic-gas/shared/format/numbers";
import { emptyState } from "@elastic-gas/shared/ui/parts";
import { fragment, type Html, h } from "@elastic-gas/shared/web/html";
import type { PageContext } from "../../web/page-context.ts";
import { csrfField, field } from "../../web/views/forms.ts";
import type { UserRow } from "../account-queries.ts";
import { type ChosenUser, userPanel } from "./user-panel.ts";

export interface UsersProps {
  readonly search: string;
  readonly users: readonly UserRow[];
  readonly nextHref: string | undefined;
  readonly chosen: ChosenUser | undefined;
  /** The form for a new account as it was refused. */
  readonly form: { readonly username: string; readonly email: string };
  readonly errors: Readonly<Partial<Record<"username" | "email" | "password", string>>>;
}

export function usersView(props: UsersProps, page: PageContext): Html {
  const { search, users, nextHref, chosen } = props;
  const hint = "User name, name or e-mail";
  return fragment(
    h("div", { class: "app-head" }, h("h1", {}, "Users")),
    h(
      "div",
      { class: "app-split" },
      h(
        "div",
        { class: "app-stack" },
        h(
          "form",
          { class: "app-toolbar", method: "get", action: "/admin/users", role: "search" },
          h("input", {
            class: "eg-input app-search",
            type: "search",
            name: "q",
            value: search,
            placeholder: hint,
            "aria-label": hint,
          }),
          h("button", { class: "eg-button", type: "submit" }, "Search"),
        ),
        h(
          "div",
          { class: "eg-panel eg-panel-flush" },
          usersTable(users, chosen?.id, page),
          users.length === 0 &&
            emptyState(
              "search",
              `Nothing matches “${search}”`,
              h("a", { class: "eg-button", href: "/admin/users" }, "Clear search"),
            ),
        ),
        nextHref !== undefined && h("p", {}, h("a", { class: "eg-button", href: nextHref }, "More")),
      ),
      h("div", { class: "app-stack" }, chosen !== undefined && userPanel(chosen, page), newAccount(props, page.csrf)),
    ),
  );
}

function usersTable(users: readonly UserRow[], chosenId: number | undefined, page: PageContext): Html {
  return h(
    "div",
    { class: "eg-table-box", tabindex: 0, role: "region", "aria-label": "Users" },
    h(
      "table",
      { class: "eg-table" },
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          h("th", { scope: "col" }, "User name"),
          h("th", { scope: "col" }, "E-mail"),
          h("th", { scope: "col" }, "Plan"),
          h("th", { scope: "col", class: "eg-number" }, "Jobs"),
          h("th", { scope: "col", class: "eg-number" }, "Photos"),
          h("th", { scope: "col" }, "Since"),
        ),
      ),
      h(
        "tbody",
        {},
        users.map((user) =>
          h(
            "tr",
            { "aria-selected": user.id === chosenId ? "true" : undefined },
            h(
              "th",
              { scope: "row" },
              h("a", { href: `/admin/users/${user.id}` }, user.username),
              user.isAdmin && [" ", h("span", { class: "eg-chip eg-chip-accent" }, "administrator")],
            ),
            h("td", {}, user.email ?? "–"),
            h("td", {}, user.role === "premium_user" ? "Premium" : "Free"),
            h("td", { class: "eg-number" }, formatCount(user.jobs)),
            h("td", { class: "eg-number" }, formatCount(user.photos)),
            h("td", { class: "eg-nowrap" }, page.time(user.createdAt, "day")),
          ),
        ),
      ),
    ),
  );
}

function newAccount({ form, errors }: UsersProps, csrf: string): Html {
  return h(
    "section",
    { class: "eg-panel", "aria-labelledby": "new-user" },
    h("div", { class: "eg-panel-head" }, h("h2", { id: "new-user" }, "New account")),
    h(
      "form",
      { class: "eg-form", method: "post", action: "/admin/users", "data-once": "Creating" },
      csrfField(csrf),
      field({
        name: "username",
        label: "User name",
        error: errors.username,
        input: {
          autocomplete: "off",
          autocapitalize: "none",
          spellcheck: false,
          maxlength: 100,
          required: true,
          value: form.username,
        },
      }),
      field({
        name: "email",
        label: ["E-mail ", h("span", { class: "eg-secondary" }, "(optional)")],
        error: errors.email,
        input: { type: "email", autocomplete: "off", maxlength: 254, value: form.email },
      }),
      field({
        name: "password",
        label: "Password",
        error: errors.password,
        help: "8 to 72 characters. Leave empty to generate one; it is shown once.",
        input: { type: "password", autocomplete: "new-password", maxlength: 72 },
      }),
      h("label", { class: "eg-check" }, h("input", { type: "checkbox", name: "admin", value: "yes" }), "Administrator"),
      h("div", {}, h("button", { class: "eg-button eg-button-primary", type: "submit" }, "Create account")),
    ),
  );
}
