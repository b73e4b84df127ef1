import { field } from "@elastic-gas/shared/ui/field";
import { type Html, h } from "@elastic-gas/shared/web/html";
import { csrfField } from "../../web/views/forms.ts";

export interface CodeProps {
  readonly token: string;
  readonly error?: string | undefined;
}

export function codeView({ token, error }: CodeProps): Html {
  return h(
    "section",
    { class: "eg-panel app-panel-wide app-narrow", "aria-labelledby": "code-head" },
    h("h1", { id: "code-head" }, "Second step"),
    h(
      "form",
      { class: "eg-form", method: "post", action: "/login/code", "data-once": "Checking" },
      csrfField(token),
      field({
        name: "code",
        label: "Code",
        error,
        help: "The 6 digits that your authenticator app shows now, or one of your recovery codes.",
        input: { type: "text", autocomplete: "one-time-code", maxlength: 40, required: true, spellcheck: false },
      }),
      h("button", { class: "eg-button eg-button-primary", type: "submit" }, "Sign in"),
    ),
    h("p", {}, h("a", { href: "/login" }, "Back to sign-in")),
  );
}
