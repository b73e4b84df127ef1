import { errorLine, invalid } from "@elastic-gas/shared/ui/field";
import { icon } from "@elastic-gas/shared/ui/parts";
import { type Html, h } from "@elastic-gas/shared/web/html";
import { csrfField, hiddenField } from "../../web/views/forms.ts";

export interface SignInFormProps {
  readonly token: string;
  /** Where to go after signing in, a path of ours. */
  readonly next: string;
  readonly username?: string;
  readonly error?: string;
  /** How the other way to sign in is named; undefined without OpenID Connect. */
  readonly oidcName: string | undefined;
}

export function signInForm({ token, next, username = "", error, oidcName }: SignInFormProps): Html {
  const wrong = invalid(error, "sign-in-error");
  return h(
    "form",
    { class: "eg-form", method: "post", action: "/login", "data-once": "Signing in" },
    csrfField(token),
    hiddenField("next", next),
    h(
      "div",
      { class: "eg-field" },
      h("label", { class: "eg-label", for: "username" }, "User name"),
      h("input", {
        class: "eg-input",
        id: "username",
        name: "username",
        autocomplete: "username",
        autocapitalize: "none",
        spellcheck: false,
        maxlength: 100,
        required: true,
        value: username,
        ...wrong,
      }),
    ),
    h(
      "div",
      { class: "eg-field" },
      h(
        "div",
        { class: "eg-label-row" },
        h("label", { class: "eg-label", for: "password" }, "Password"),
        h("a", { class: "eg-small", href: "/forgot" }, "Forgot it?"),
      ),
      h("input", {
        class: "eg-input",
        id: "password",
        name: "password",
        type: "password",
        autocomplete: "current-password",
        maxlength: 200,
        required: true,
        ...wrong,
      }),
      errorLine(error, "sign-in-error"),
    ),
    h("button", { class: "eg-button eg-button-primary eg-button-wide", type: "submit" }, "Sign in"),
    oidcName !== undefined &&
      h(
        "a",
        { class: "eg-button eg-button-wide", href: `/login/oidc?next=${encodeURIComponent(next)}` },
        icon("key"),
        `Sign in with ${oidcName}`,
      ),
    h("p", { class: "eg-help" }, "No account? Ask an administrator."),
  );
}
