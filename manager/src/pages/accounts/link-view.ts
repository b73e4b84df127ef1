import type { EmailChange } from "@elastic-gas/shared/accounts/email-changes";
import { type LinkOwner, RESET_MINUTES } from "@elastic-gas/shared/accounts/password-links";
import { formatDuration } from "@elastic-gas/shared/format/durations";
import { field } from "@elastic-gas/shared/ui/field";
import { type Child, type Html, h } from "@elastic-gas/shared/web/html";
import type { ViewContext } from "../frame/send-page.ts";
import type { FieldErrors } from "../kit/field-errors.ts";
import { csrfField, note } from "../kit/parts.ts";

/** `/forgot`: asks for the address, then says what was done. */
export function forgotView(state: "ask" | "sent", errors: FieldErrors, { csrf }: ViewContext): Html {
  return panel(
    "Forgotten password",
    state === "sent"
      ? note({
          tone: "ok",
          glyph: "check",
          text: [
            h("strong", {}, "If an account of the manager has this address, an e-mail is on its way."),
            ` Its link works once and for ${formatDuration(RESET_MINUTES * 60)}.`,
          ],
        })
      : h(
          "form",
          { method: "post", action: "/forgot", class: "eg-form" },
          csrfField(csrf),
          field({
            name: "email",
            label: "E-mail address of your account",
            error: errors.get("email"),
            help: [
              "A link to set a new password is sent there. Without an address, ask another administrator, or run ",
              h("code", {}, "./start.sh admin-password"),
              " on the manager's machine.",
            ],
            input: { type: "email", autocomplete: "email", maxlength: 254, required: true },
          }),
          buttons("Send the link"),
        ),
    state === "sent" && h("p", { class: "eg-actions" }, h("a", { class: "eg-button", href: "/login" }, "Back")),
  );
}

/** `/reset/<token>`; without an owner the link is used up or too old. */
export function resetView(owner: LinkOwner | undefined, errors: FieldErrors, { csrf }: ViewContext): Html {
  if (owner === undefined) return overView("New password", { href: "/forgot", text: "Ask for a new one" });
  return panel(
    owner.isInvited ? "Choose a password" : "New password",
    h("p", {}, "Your user name is ", h("strong", {}, owner.username), "."),
    h(
      "form",
      { method: "post", class: "eg-form" },
      csrfField(csrf),
      h("input", { type: "hidden", name: "username", autocomplete: "username", value: owner.username }),
      field({
        name: "password",
        label: "Password, 8 to 72 characters",
        error: errors.get("password"),
        input: { type: "password", autocomplete: "new-password", required: true },
      }),
      buttons("Set the password"),
    ),
  );
}

/** `/email/<token>`; without a change the link is used up or too old. */
export function confirmEmailView(change: EmailChange | undefined, { csrf }: ViewContext): Html {
  if (change === undefined) return overView("New e-mail address", { href: "/account", text: "Your account" });
  const { username, email } = change;
  return panel(
    "New e-mail address",
    h("p", {}, "E-mail for the account ", h("strong", {}, username), " will go to ", h("strong", {}, email), "."),
    h("form", { method: "post", class: "eg-form" }, csrfField(csrf), buttons("Confirm the address")),
  );
}

function overView(head: string, action: { readonly href: string; readonly text: string }): Html {
  return panel(
    head,
    note({
      tone: "warn",
      glyph: "warning",
      text: [
        h("strong", {}, "This link has already been used or has expired."),
        " A link works once. A newer one, or a new password, ends it as well.",
      ],
    }),
    h("p", { class: "eg-actions" }, h("a", { class: "eg-button", href: action.href }, action.text)),
  );
}

function panel(head: string, ...content: readonly Child[]): Html {
  return h("section", { class: "eg-panel login-panel" }, h("h1", {}, head), ...content);
}

function buttons(text: string): Html {
  return h(
    "div",
    { class: "eg-actions" },
    h("button", { class: "eg-button eg-button-primary", type: "submit" }, text),
    h("a", { class: "eg-button", href: "/login" }, "Back"),
  );
}
