import { field } from "@elastic-gas/shared/ui/field";
import { note } from "@elastic-gas/shared/ui/parts";
import { UNSENT } from "@elastic-gas/shared/ui/states";
import { type Html, h } from "@elastic-gas/shared/web/html";
import type { ViewContext } from "../frame/send-page.ts";
import { alertNote, csrfField } from "../kit/parts.ts";

export interface Login {
  readonly next: string;
  readonly username: string;
  /** Empty before the first attempt. */
  readonly error: string;
  /** A form was sent by one who was signed out. */
  readonly unsent?: boolean;
}

export function loginView({ next, username, error, unsent = false }: Login, { csrf }: ViewContext): Html {
  return h(
    "section",
    { class: "eg-panel login-panel" },
    h("h1", {}, "Sign in to the manager"),
    h("p", { class: "eg-secondary" }, "For administrators and viewers of this installation."),
    error !== "" && alertNote(error),
    unsent && note(UNSENT),
    h(
      "form",
      { method: "post", action: "/login", class: "eg-form" },
      csrfField(csrf),
      h("input", { type: "hidden", name: "next", value: next }),
      field({
        name: "username",
        label: "User name",
        input: {
          value: username,
          autocomplete: "username",
          required: true,
          maxlength: 100,
          autofocus: username === "",
        },
      }),
      field({
        name: "password",
        label: "Password",
        input: { type: "password", autocomplete: "current-password", required: true, autofocus: username !== "" },
      }),
      h(
        "div",
        { class: "eg-actions" },
        h("button", { class: "eg-button eg-button-primary", type: "submit" }, "Sign in"),
        h("a", { href: "/forgot" }, "Forgotten password"),
      ),
    ),
  );
}
