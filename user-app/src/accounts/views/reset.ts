import type { LinkOwner } from "@elastic-gas/shared/accounts/password-links";
import { field } from "@elastic-gas/shared/ui/field";
import { note } from "@elastic-gas/shared/ui/parts";
import { type Html, h } from "@elastic-gas/shared/web/html";
import { csrfField } from "../../web/views/forms.ts";

export type ResetProps =
  | {
      readonly kind: "usable";
      readonly token: string;
      readonly owner: Pick<LinkOwner, "username" | "isInvited">;
      readonly error?: string | undefined;
    }
  | { readonly kind: "over" };

export function resetView(props: ResetProps): Html {
  const isInvited = props.kind === "usable" && props.owner.isInvited;
  return h(
    "section",
    { class: "eg-panel app-panel-wide app-narrow", "aria-labelledby": "reset" },
    h("h1", { id: "reset" }, isInvited ? "Choose a password" : "New password"),
    isInvited && h("p", {}, "Your user name is ", h("strong", {}, props.owner.username), "."),
    props.kind === "over"
      ? note({
          tone: "warn",
          start: "This link has already been used or has expired.",
          text: "A link works once.",
          action: { href: "/forgot", text: "Ask for a new one" },
        })
      : h(
          "form",
          { class: "eg-form", method: "post", "data-once": "Saving" },
          csrfField(props.token),
          field({
            name: "password",
            label: isInvited ? "Password" : "New password",
            error: props.error,
            help: isInvited ? "8 to 72 characters." : "8 to 72 characters. You are signed out everywhere.",
            input: { type: "password", autocomplete: "new-password", minlength: 8, maxlength: 72, required: true },
          }),
          h("button", { class: "eg-button eg-button-primary", type: "submit" }, "Set the password"),
        ),
  );
}
