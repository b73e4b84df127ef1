import { icon } from "@elastic-gas/shared/ui/parts";
import { type Html, h } from "@elastic-gas/shared/web/html";

export function usersElsewhereView(href: string): Html {
  return h(
    "section",
    { class: "eg-panel app-panel-wide app-narrow", "aria-labelledby": "users" },
    h("h1", { id: "users" }, "Users"),
    h(
      "p",
      {},
      "Accounts are created, changed and deleted in the manager. Sign in there with the same user name and password.",
    ),
    h(
      "p",
      { class: "eg-actions" },
      h("a", { class: "eg-button eg-button-primary", href }, icon("external"), "Open users in the manager"),
    ),
  );
}
