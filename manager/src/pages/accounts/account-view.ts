import { field } from "@elastic-gas/shared/ui/field";
import { type Html, h } from "@elastic-gas/shared/web/html";
import type { ViewContext } from "../frame/send-page.ts";
import type { FieldErrors } from "../kit/field-errors.ts";
import { csrfField } from "../kit/parts.ts";
import { type SecondFactorState, secondFactorPanel } from "./second-factor-view.ts";

const PASSWORDS = [
  ["current", "Current password", "current-password"],
  ["password", "New password, 8 characters or more", "new-password"],
  ["again", "New password again", "new-password"],
] as const;

export interface Account {
  /** As it is, or as it was typed and refused. */
  readonly email: string;
  readonly errors: FieldErrors;
  readonly state: SecondFactorState;
}

export function accountView({ email, errors, state }: Account, context: ViewContext): Html[] {
  const { csrf } = context;
  return [
    h("div", { class: "page-head" }, h("h1", {}, "Account")),
    emailPanel(email, errors, csrf),
    h(
      "section",
      { class: "eg-panel narrow-panel", "aria-labelledby": "password-head" },
      h("div", { class: "eg-panel-head" }, h("h2", { id: "password-head" }, "Password")),
      h(
        "form",
        { method: "post", action: "/account", class: "eg-form" },
        csrfField(csrf),
        PASSWORDS.map(([name, label, autocomplete]) =>
          field({ name, label, error: errors.get(name), input: { type: "password", autocomplete, required: true } }),
        ),
        h(
          "div",
          { class: "eg-actions" },
          h("button", { class: "eg-button eg-button-primary", type: "submit" }, "Change password"),
        ),
      ),
    ),
    secondFactorPanel(state, context),
  ];
}

function emailPanel(email: string, errors: FieldErrors, csrf: string): Html {
  return h(
    "section",
    { class: "eg-panel narrow-panel", "aria-labelledby": "email-head" },
    h("div", { class: "eg-panel-head" }, h("h2", { id: "email-head" }, "E-mail")),
    h(
      "form",
      { method: "post", action: "/account/email", class: "eg-form" },
      csrfField(csrf),
      field({
        name: "email",
        label: "Address",
        error: errors.get("email"),
        help: "A link to set a forgotten password is sent here. A new address counts once its own link was opened.",
        input: { type: "email", autocomplete: "email", maxlength: 254, value: email },
      }),
      field({
        name: "emailPassword",
        label: "Your password",
        error: errors.get("emailPassword"),
        input: { type: "password", autocomplete: "current-password", required: true },
      }),
      h("div", { class: "eg-actions" }, h("button", { class: "eg-button", type: "submit" }, "Change address")),
    ),
  );
}
