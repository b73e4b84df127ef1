import { field } from "@elastic-gas/shared/ui/field";
import { type Html, h } from "@elastic-gas/shared/web/html";
import type { ViewContext } from "../frame/send-page.ts";
import { alertNote, csrfField } from "../kit/parts.ts";

/** The second step of signing in; `error` is empty before the first attempt. */
export function codeView(error: string, { csrf }: ViewContext): Html {
  return h(
    "section",
    { class: "eg-panel login-panel" },
    h("h1", {}, "Second step"),
    error !== "" && alertNote(error),
    h(
      "form",
      { method: "post", action: "/login/code", class: "eg-form" },
      csrfField(csrf),
      codeField("Code"),
      h(
        "p",
        { class: "eg-help" },
        "The 6 digits that your authenticator app shows now, or one of your recovery codes. Lost both? ",
        h("code", {}, "./start.sh admin-password"),
        " on the manager's machine switches this step off.",
      ),
      h(
        "div",
        { class: "eg-actions" },
        h("button", { class: "eg-button eg-button-primary", type: "submit" }, "Sign in"),
        h("a", { class: "eg-button", href: "/login" }, "Back"),
      ),
    ),
  );
}

export function codeField(label: string): Html {
  const input = { autocomplete: "one-time-code", required: true, maxlength: 40, spellcheck: false } as const;
  return field({ name: "code", label, input });
}
