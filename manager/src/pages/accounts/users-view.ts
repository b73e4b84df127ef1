import type { Role } from "@elastic-gas/shared/database/tables";
import { formatCount, formatCountOf } from "@elastic-gas/shared/format/numbers";
import { type FieldProps, field } from "@elastic-gas/shared/ui/field";
import { type Child, type Html, h } from "@elastic-gas/shared/web/html";
import type { InvitationState } from "../../features/accounts/invitations.ts";
import type { UserRow } from "../../features/accounts/users.ts";
import type { Reader } from "../../model/reader.ts";
import type { ViewContext } from "../frame/send-page.ts";
import type { FieldErrors } from "../kit/field-errors.ts";
import { csrfField, icon, tableBox, time } from "../kit/parts.ts";

export interface Users {
  readonly users: readonly UserRow[];
  /** Whose page it is. */
  readonly ownId: number;
  readonly filter: string;
  /** There are more than are shown. */
  readonly more: boolean;
  /** Of the form for a new one. */
  readonly errors: FieldErrors;
  readonly values: Readonly<Record<string, string>>;
}

export function usersView(page: Users, context: ViewContext): Html[] {
  return [
    h(
      "div",
      { class: "page-head" },
      h("h1", {}, "Users"),
      h(
        "form",
        { method: "get", action: "/users", class: "page-tools", role: "search" },
        h("label", { class: "visually-hidden", for: "filter" }, "Filter"),
        h("input", {
          class: "eg-input",
          type: "search",
          id: "filter",
          name: "filter",
          value: page.filter,
          placeholder: "Filter: name, e-mail",
          "data-filter": "",
        }),
      ),
    ),
    h("div", { class: "list-grid" }, userList(page, context), newUserForm(page, context)),
  ];
}

function userList({ users, ownId, filter, more }: Users, context: ViewContext): Html {
  return h(
    "section",
    { class: "eg-panel eg-panel-flush", "aria-label": "Users" },
    users.length === 0
      ? h(
          "div",
          { class: "eg-empty" },
          icon("search"),
          h("p", { class: "eg-empty-title" }, `No user matches “${filter}”`),
          h("a", { class: "eg-button", href: "/users" }, "Clear filter"),
        )
      : tableBox(
          "Table of users",
          h(
            "table",
            { class: "eg-table users-table" },
            h(
              "thead",
              {},
              h(
                "tr",
                {},
                h("th", {}, "User name"),
                h("th", {}, "Plan"),
                h("th", { class: "eg-number" }, "Jobs"),
                h("th", { class: "eg-number" }, "Photos"),
                h("th", {}, "Since"),
                h("th", {}, h("span", { class: "visually-hidden" }, "Actions")),
              ),
            ),
            h(
              "tbody",
              {},
              users.map((user) => userRow(user, ownId, context)),
            ),
          ),
        ),
    more &&
      h("p", { class: "eg-small eg-secondary table-foot" }, `The first ${users.length}; the filter finds the others.`),
  );
}

function userRow(user: UserRow, ownId: number, { reader, csrf }: ViewContext): Html {
  return h(
    "tr",
    {},
    h(
      "td",
      { class: "user-cell" },
      h("b", {}, user.username),
      user.isAdmin && [" ", h("span", { class: "eg-chip" }, icon("shield"), "administrator")],
      !user.isAdmin && user.isViewer && [" ", h("span", { class: "eg-chip" }, "viewer")],
      user.name !== "" && h("div", { class: "eg-small" }, user.name),
      user.email !== null && h("div", { class: "eg-small eg-secondary" }, user.email),
      user.invitation !== null && invitationLine(user.invitation, reader),
    ),
    h(
      "td",
      {},
      user.role === "premium_user" ? "Premium" : "Free",
      user.role === "premium_user" && !user.isPaying && h("div", { class: "eg-small eg-secondary" }, "given, not paid"),
    ),
    h("td", { class: "eg-number" }, formatCount(user.jobs)),
    h("td", { class: "eg-number" }, formatCount(user.images)),
    h("td", { class: "eg-nowrap" }, time(user.createdAt, reader)),
    h("td", { class: "eg-number" }, userMenu(user, { isOwn: user.id === ownId, csrf })),
  );
}

function invitationLine(invitation: InvitationState, reader: Reader): Html {
  return h(
    "div",
    { class: "eg-small" },
    h("span", { class: "eg-chip eg-chip-warn" }, "invited, not yet accepted"),
    " ",
    h("span", { class: "eg-secondary" }, invitationWords(invitation, reader)),
  );
}

function invitationWords(invitation: InvitationState, reader: Reader): Child {
  switch (invitation.kind) {
    case "mail is on its way":
      return "The e-mail is on its way.";
    case "open":
      return ["The link works until ", time(invitation.until, reader), "."];
    case "expired":
      return ["The link ended ", time(invitation.at, reader), ". Send another one."];
    case "not delivered":
      return "The e-mail could not be delivered. Check the address, and send it again.";
  }
}

function userMenu(user: UserRow, { isOwn, csrf }: { readonly isOwn: boolean; readonly csrf: string }): Html {
  const item = (verb: string, words: Child, { confirm, ...fields }: MenuItem = {}): Html =>
    h(
      "form",
      { method: "post", action: `/users/${user.id}/${verb}`, "data-confirm-form": confirm },
      csrfField(csrf),
      Object.entries(fields).map(([name, value]) => h("input", { type: "hidden", name, value })),
      h("button", { type: "submit" }, words),
    );
  const owned = `${formatCountOf(user.jobs, "job")} and ${formatCountOf(user.images, "photo")}`;
  return h(
    "details",
    { class: "eg-menu", "data-menu": "" },
    h(
      "summary",
      { class: "eg-button eg-button-plain eg-button-icon", "aria-label": `Menu of ${user.username}` },
      icon("more"),
    ),
    h(
      "div",
      { class: "eg-menu-list" },
      user.invitation !== null && item("invite", [icon("link"), "Send the invitation again"]),
      isOwn
        ? h("a", { href: "/account" }, icon("key"), "Change password")
        : item("password", [icon("key"), "New password"], {
            confirm: `Give ${user.username} a new password? The old one ends.`,
          }),
      user.hasSecondStep &&
        !user.isAdmin &&
        item("second-step", [icon("cross"), "Switch the second step off"], {
          confirm: `Let ${user.username} sign in without a code? For somebody who has lost the app and the recovery codes.`,
        }),
      user.role === "premium_user"
        ? item("plan", [icon("user"), "Make Free"], { role: "free_user", confirm: freeQuestion(user) })
        : item("plan", [icon("user"), "Make Premium without payment"], { role: "premium_user" }),
      user.isAdmin
        ? item("admin", [icon("shield"), "No longer administrator"], { wanted: "no" })
        : item("admin", [icon("shield"), "Make administrator"], { wanted: "yes" }),
      !user.isAdmin &&
        (user.isViewer
          ? item("viewer", [icon("search"), "No longer viewer"], { wanted: "no" })
          : item("viewer", [icon("search"), "Make viewer: may look, change nothing"], { wanted: "yes" })),
      !user.isAdmin &&
        item("delete", [icon("trash"), "Delete"], {
          confirm: `Delete ${user.username} with ${owned}? This cannot be undone.`,
        }),
    ),
  );
}

interface MenuItem {
  /** Asked before it is done. */
  readonly confirm?: string;
  /** What the form sends. */
  readonly role?: Role;
  readonly wanted?: "yes" | "no";
}

function freeQuestion({ username, isPaying }: UserRow): string {
  const payment = isPaying ? "The subscription is cancelled at Stripe at once, without a refund. " : "";
  return `Make ${username} Free? ${payment}Results past the retention are archived; Premium later restores them.`;
}

interface NewUserField extends FieldProps {
  readonly name: "username" | "email" | "password";
}

const FIELDS: readonly NewUserField[] = [
  { name: "username", label: "User name", input: { type: "text", autocomplete: "off", required: true } },
  {
    name: "email",
    label: "E-mail (optional)",
    help: "A link to choose a password is sent to it. Also used for notifications and password resets.",
    input: { type: "email", autocomplete: "off" },
  },
  {
    name: "password",
    label: "Password (optional)",
    help: "Leave empty, and users with an address choose their own; for others one is made and shown once.",
    input: { type: "password", autocomplete: "new-password" },
  },
];

const ROLES = [
  ["user", "no access: a user of the annotation service"],
  ["viewer", "viewer: looks, changes nothing"],
  ["admin", "administrator of this installation"],
] as const;

function newUserForm({ errors, values }: Users, { csrf }: ViewContext): Html {
  return h(
    "section",
    { class: "eg-panel eg-screen", "aria-label": "New user" },
    h("div", { class: "eg-panel-head" }, h("h2", {}, "New user")),
    h(
      "form",
      { method: "post", action: "/users", class: "eg-form" },
      csrfField(csrf),
      FIELDS.map(({ name, label, help, input }) =>
        field({
          name,
          id: `new-${name}`,
          label,
          help,
          error: errors.get(name),
          input: { ...input, value: name === "password" ? "" : (values[name] ?? "") },
        }),
      ),
      h(
        "fieldset",
        { class: "eg-field" },
        h("legend", { class: "eg-label" }, "In this manager"),
        ROLES.map(([role, words]) =>
          h(
            "label",
            { class: "eg-check" },
            h("input", { type: "radio", name: "role", value: role, checked: role === (values.role ?? "user") }),
            ` ${words}`,
          ),
        ),
      ),
      h(
        "div",
        { class: "eg-actions" },
        h("button", { class: "eg-button eg-button-primary", type: "submit" }, "Create user"),
      ),
    ),
  );
}
