import { type Html, h } from "@elastic-gas/shared/web/html";
import type { z } from "zod";
import type { ViewContext } from "../frame/send-page.ts";
import { csrfField } from "../kit/parts.ts";
import { type SecondFactorState, secondFactorPanel } from "./second-factor-view.ts";

/** Reasons beside fields, by field name. */
export type FieldErrors = ReadonlyMap<string, string>;

const FIELDS = [
  ["current", "Current password", "current-password"],
  ["password", "New password, 8 characters or more", "new-password"],
  ["again", "New password again", "new-password"],
] as const;

export interface Account {
  readonly email: string | null;
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
        FIELDS.map(([name, label, autocomplete]) =>
          h(
            "div",
            { class: "eg-field" },
            h("label", { class: "eg-label", for: name }, label),
            h("input", {
              class: "eg-input",
              id: name,
              name,
              type: "password",
              autocomplete,
              required: true,
              ...invalidBy(errors, name, `${name}-error`),
            }),
            fieldError(errors, name, `${name}-error`),
          ),
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

function emailPanel(email: string | null, errors: FieldErrors, csrf: string): Html {
  return h(
    "section",
    { class: "eg-panel narrow-panel", "aria-labelledby": "email-head" },
    h("div", { class: "eg-panel-head" }, h("h2", { id: "email-head" }, "E-mail")),
    h(
      "form",
      { method: "post", action: "/account/email", class: "eg-form" },
      csrfField(csrf),
      h(
        "div",
        { class: "eg-field" },
        h("label", { class: "eg-label", for: "email" }, "Address"),
        h("input", {
          class: "eg-input",
          id: "email",
          name: "email",
          type: "email",
          autocomplete: "email",
          maxlength: 254,
          value: email ?? "",
          ...invalidBy(errors, "email", "email-error"),
        }),
        fieldError(errors, "email", "email-error"),
        h(
          "p",
          { class: "eg-help" },
          "A link to set a forgotten password is sent here. A new address counts once its own link was opened.",
        ),
      ),
      h(
        "div",
        { class: "eg-field" },
        h("label", { class: "eg-label", for: "emailPassword" }, "Your password"),
        h("input", {
          class: "eg-input",
          id: "emailPassword",
          name: "emailPassword",
          type: "password",
          autocomplete: "current-password",
          required: true,
          ...invalidBy(errors, "emailPassword", "emailPassword-error"),
        }),
        fieldError(errors, "emailPassword", "emailPassword-error"),
      ),
      h("div", { class: "eg-actions" }, h("button", { class: "eg-button", type: "submit" }, "Change address")),
    ),
  );
}

/** The attributes of a field with an error below it. */
export function invalidBy(errors: FieldErrors, name: string, id: string) {
  return errors.has(name) ? ({ "aria-invalid": "true", "aria-describedby": id } as const) : {};
}

export function fieldError(errors: FieldErrors, name: string, id: string): Html | null {
  const reason = errors.get(name);
  return reason === undefined ? null : h("p", { class: "eg-error", id, role: "alert" }, reason);
}

/** The first reason of each field that a form's schema refused. */
export function errorsOf(error: z.ZodError): Map<string, string> {
  return new Map(error.issues.map((issue) => [String(issue.path[0] ?? ""), issue.message]));
}
