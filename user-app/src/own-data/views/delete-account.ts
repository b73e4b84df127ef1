import { formatBytes, formatCountOf } from "@elastic-gas/shared/format/numbers";
import { field } from "@elastic-gas/shared/ui/field";
import { icon, note } from "@elastic-gas/shared/ui/parts";
import { fragment, type Html, h } from "@elastic-gas/shared/web/html";
import type { Usage } from "../../accounts/account-queries.ts";
import type { PageContext } from "../../web/page-context.ts";
import { csrfField } from "../../web/views/forms.ts";

export interface DeleteAccountProps {
  readonly username: string;
  readonly usage: Usage;
  /** End of the time that is paid for; null without a subscription. */
  readonly paidUntil: Date | null;
  /** Accounts that sign in elsewhere have no password here. */
  readonly confirmsBy: "password" | "name";
  readonly error: string | undefined;
}

export function deleteAccountView(props: DeleteAccountProps, page: PageContext): Html {
  const { username, paidUntil, confirmsBy, error } = props;
  return fragment(
    h(
      "nav",
      { class: "app-crumbs", "aria-label": "Path" },
      h("a", { href: "/profile" }, "Profile"),
      " / delete the account",
    ),
    h("h1", {}, "Delete the account"),
    note({
      tone: "warn",
      start: "This cannot be undone.",
      text: `The account ${username} and everything listed below are deleted at once.`,
    }),
    h(
      "div",
      { class: "app-halves" },
      h(
        "section",
        { class: "eg-panel", "aria-labelledby": "what" },
        h("div", { class: "eg-panel-head" }, h("h2", { id: "what" }, "What is deleted")),
        h(
          "ul",
          { class: "app-bullets" },
          whatGoes(props).map((text) => h("li", {}, text)),
        ),
        paidUntil !== null &&
          h(
            "p",
            { class: "app-gap" },
            "Premium ends at once; the time until ",
            page.time(paidUntil, "day"),
            " is lost.",
          ),
        h("p", { class: "eg-help app-gap" }, "The audit log records that the account was deleted, and when."),
      ),
      h(
        "section",
        { class: "eg-panel eg-screen", "aria-labelledby": "confirm-head" },
        h("div", { class: "eg-panel-head" }, h("h2", { id: "confirm-head" }, "Are you sure?")),
        h(
          "form",
          { class: "eg-form", method: "post", action: "/profile/delete", "data-once": "Deleting" },
          csrfField(page.csrf),
          field({
            name: "confirm",
            label: confirmsBy === "password" ? "Your password" : "Your user name",
            error,
            input:
              confirmsBy === "password"
                ? { type: "password", autocomplete: "current-password", maxlength: 200, required: true }
                : { autocomplete: "off", maxlength: 100, required: true },
          }),
          h(
            "div",
            { class: "eg-actions" },
            h("button", { class: "eg-button eg-button-danger", type: "submit" }, icon("trash"), "Delete the account"),
            h("a", { class: "eg-button", href: "/profile" }, "Keep it"),
          ),
        ),
      ),
    ),
  );
}

function whatGoes({ usage }: DeleteAccountProps): readonly string[] {
  const { jobs, inputBytes, resultBytes, archived, restoring, photos, photoBytes } = usage;
  return [
    `${formatCountOf(jobs, "job")}: ${formatBytes(inputBytes)} in inputs, ${formatBytes(resultBytes)} in results, and all logs`,
    ...(archived + restoring > 0 ? [`${formatCountOf(archived + restoring, "archived result")}`] : []),
    `${formatCountOf(photos, "photo")}, ${formatBytes(photoBytes)}`,
    "Profile, sessions and API tokens",
  ];
}
