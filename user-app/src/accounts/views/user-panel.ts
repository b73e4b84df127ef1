import type { User } from "@elastic-gas/shared/accounts/users";
import { formatCountOf } from "@elastic-gas/shared/format/numbers";
import { icon } from "@elastic-gas/shared/ui/parts";
import { type Html, h } from "@elastic-gas/shared/web/html";
import type { PageContext } from "../../web/page-context.ts";
import { csrfField, field } from "../../web/views/forms.ts";

export interface ChosenUser extends User {
  readonly jobs: number;
  readonly photos: number;
}

/** One account, and what an administrator may do with it. */
export function userPanel(user: ChosenUser, page: PageContext): Html {
  return h(
    "section",
    { class: "eg-panel app-stack-small", "aria-labelledby": "chosen" },
    h("h2", { id: "chosen" }, user.username),
    h(
      "dl",
      { class: "eg-facts" },
      h("dt", {}, "Name"),
      h("dd", {}, user.name === "" ? "–" : user.name),
      h("dt", {}, "E-mail"),
      h("dd", {}, user.email ?? "–"),
      h("dt", {}, "Plan"),
      h("dd", {}, user.role === "premium_user" ? "Premium" : "Free"),
      h("dt", {}, "Since"),
      h("dd", {}, page.time(user.createdAt, "full")),
    ),
    roleForm(user, page.csrf),
    h(
      "form",
      { method: "post", action: `/admin/users/${user.id}/password` },
      csrfField(page.csrf),
      h("button", { class: "eg-button", type: "submit" }, icon("key"), "Set a new password"),
      h("p", { class: "eg-help app-gap" }, "It is generated here and shown once; all sessions of the account end."),
    ),
    deleteForm(user, page.csrf),
  );
}

function roleForm(user: ChosenUser, csrf: string): Html {
  return h(
    "form",
    { class: "eg-actions", method: "post", action: `/admin/users/${user.id}/role` },
    csrfField(csrf),
    user.role === "premium_user"
      ? h("button", { class: "eg-button", name: "role", value: "free_user" }, "Make Free")
      : h("button", { class: "eg-button", name: "role", value: "premium_user" }, "Make Premium"),
    user.isAdmin
      ? h("button", { class: "eg-button", name: "admin", value: "no" }, "Remove administrator role")
      : h("button", { class: "eg-button", name: "admin", value: "yes" }, "Make administrator"),
  );
}

function deleteForm(user: ChosenUser, csrf: string): Html {
  return h(
    "form",
    { class: "eg-form", method: "post", action: `/admin/users/${user.id}/delete`, "data-once": "Deleting" },
    csrfField(csrf),
    field({
      name: "confirm",
      label: `To delete the account with ${formatCountOf(user.jobs, "job")} and ${formatCountOf(user.photos, "photo")}, type its name`,
      input: { autocomplete: "off", autocapitalize: "none", spellcheck: false, required: true },
    }),
    h("div", {}, h("button", { class: "eg-button eg-button-danger", type: "submit" }, icon("trash"), "Delete account")),
  );
}
